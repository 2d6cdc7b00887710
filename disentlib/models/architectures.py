"""The older name of `models.networks`, kept for the gin files and programs that use it."""

from disentlib.models.networks.convolutional import conv_encoder as conv_encoder
from disentlib.models.networks.convolutional import deconv_decoder as deconv_decoder
from disentlib.models.networks.fully_connected import fc_decoder as fc_decoder
from disentlib.models.networks.fully_connected import fc_discriminator as fc_discriminator
from disentlib.models.networks.fully_connected import fc_encoder as fc_encoder
from disentlib.models.networks.linear import linear_decoder as linear_decoder
from disentlib.models.networks.linear import linear_encoder as linear_encoder

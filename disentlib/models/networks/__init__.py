"""Networks, one family a file: functions from a shape to a Keras model.

Encoders map observations to `(mean, logvar)`, decoders map codes to the likelihood's parameters
(logits for Bernoulli).
"""

from disentlib.models.networks.convolutional import conv_encoder as conv_encoder
from disentlib.models.networks.convolutional import deconv_decoder as deconv_decoder
from disentlib.models.networks.fully_connected import fc_decoder as fc_decoder
from disentlib.models.networks.fully_connected import fc_discriminator as fc_discriminator
from disentlib.models.networks.fully_connected import fc_encoder as fc_encoder
from disentlib.models.networks.ladder import ladder_decoder as ladder_decoder
from disentlib.models.networks.ladder import ladder_encoder as ladder_encoder
from disentlib.models.networks.linear import linear_decoder as linear_decoder
from disentlib.models.networks.linear import linear_encoder as linear_encoder
from disentlib.models.networks.perceptrons import mlp as mlp
from disentlib.models.networks.perceptrons import mlp_decoder as mlp_decoder
from disentlib.models.networks.perceptrons import mlp_encoder as mlp_encoder
from disentlib.models.networks.perceptrons import table as table
from disentlib.models.networks.perceptrons import xtanh as xtanh

"""Networks, by kind: functions from a shape to a Keras model."""

from disentlib.models.networks.perceptrons import mlp as mlp
from disentlib.models.networks.perceptrons import mlp_decoder as mlp_decoder
from disentlib.models.networks.perceptrons import mlp_encoder as mlp_encoder
from disentlib.models.networks.perceptrons import table as table
from disentlib.models.networks.perceptrons import xtanh as xtanh

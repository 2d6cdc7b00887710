"""Data sets with known factors of variation, and streams of training batches from them."""

import importlib
from typing import Any

from disentlib.data.catalog import from_config as from_config
from disentlib.data.catalog import load as load
from disentlib.data.correlated import Correlated as Correlated
from disentlib.data.correlated import hfs_setting as hfs_setting
from disentlib.data.ground_truth import GroundTruthData as GroundTruthData
from disentlib.data.held_out import HeldOut as HeldOut
from disentlib.data.preparing import prepare as prepare
from disentlib.data.sets.abstract_dsprites import AbstractDSprites as AbstractDSprites
from disentlib.data.sets.abstract_dsprites import (
    AbstractDSpritesRendered as AbstractDSpritesRendered,
)
from disentlib.data.sets.array_data import ArrayData as ArrayData
from disentlib.data.sets.cars3d import Cars3D as Cars3D
from disentlib.data.sets.celeba import CelebA as CelebA
from disentlib.data.sets.clustered_sources import ClusteredSources as ClusteredSources
from disentlib.data.sets.color_dsprites import ColorDSprites as ColorDSprites
from disentlib.data.sets.color_dsprites import ColorDSpritesRendered as ColorDSpritesRendered
from disentlib.data.sets.digits import Digits as Digits
from disentlib.data.sets.dsprites import DSprites as DSprites
from disentlib.data.sets.dsprites_noshape import DSpritesNoShape as DSpritesNoShape
from disentlib.data.sets.dsprites_noshape import DSpritesNoShapeRendered as DSpritesNoShapeRendered
from disentlib.data.sets.dsprites_rendered import DSpritesRendered as DSpritesRendered
from disentlib.data.sets.imported_data import ImportedData as ImportedData
from disentlib.data.sets.imported_data import import_data as import_data
from disentlib.data.sets.mini_sprites import MiniSprites as MiniSprites
from disentlib.data.sets.mnist import MNIST as MNIST
from disentlib.data.sets.mpi3d import MPI3DComplex as MPI3DComplex
from disentlib.data.sets.mpi3d import MPI3DReal as MPI3DReal
from disentlib.data.sets.mpi3d import MPI3DRealistic as MPI3DRealistic
from disentlib.data.sets.mpi3d import MPI3DToy as MPI3DToy
from disentlib.data.sets.noisy_dsprites import NoisyDSprites as NoisyDSprites
from disentlib.data.sets.noisy_dsprites import NoisyDSpritesRendered as NoisyDSpritesRendered
from disentlib.data.sets.nonstationary_sources import NonstationarySources as NonstationarySources
from disentlib.data.sets.scream_dsprites import ScreamDSprites as ScreamDSprites
from disentlib.data.sets.scream_dsprites import ScreamDSpritesRendered as ScreamDSpritesRendered
from disentlib.data.sets.scream_dsprites import TexturedDSpritesRendered as TexturedDSpritesRendered
from disentlib.data.sets.shapes3d import Shapes3D as Shapes3D
from disentlib.data.sets.shapes3d_rendered import Shapes3DRendered as Shapes3DRendered
from disentlib.data.sets.smallnorb import SmallNORB as SmallNORB
from disentlib.data.sets.tfds_data import TFDSData as TFDSData
from disentlib.data.split import Split as Split
from disentlib.data.split import splits as splits


def __getattr__(name: str) -> Any:
    if name == "streams":  # imports TensorFlow, which nobody needs to look at a data set
        return importlib.import_module("disentlib.data.streams")
    raise AttributeError(f"module 'disentlib.data' has no attribute {name!r}")

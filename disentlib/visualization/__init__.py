"""Pictures of data, models and scores: arrays in, pictures out; nothing here trains or scores."""

from disentlib.visualization.cycles import factor_cycle as factor_cycle
from disentlib.visualization.cycles import gaussian_cycle as gaussian_cycle
from disentlib.visualization.cycles import interval_cycle as interval_cycle
from disentlib.visualization.datasets import factor_frames as factor_frames
from disentlib.visualization.datasets import factor_variations as factor_variations
from disentlib.visualization.datasets import save_pictures as save_pictures
from disentlib.visualization.encoding import gif as gif
from disentlib.visualization.encoding import png as png
from disentlib.visualization.encoding import save as save
from disentlib.visualization.grids import padded_grid as padded_grid
from disentlib.visualization.grids import side_by_side as side_by_side
from disentlib.visualization.grids import square_grid as square_grid
from disentlib.visualization.grids import tile as tile
from disentlib.visualization.grids import to_uint8 as to_uint8
from disentlib.visualization.posteriors import active_units as active_units
from disentlib.visualization.posteriors import kl_per_latent as kl_per_latent
from disentlib.visualization.scores import save_score_figures as save_score_figures
from disentlib.visualization.traversals import cycle_frames as cycle_frames
from disentlib.visualization.traversals import cycle_values as cycle_values
from disentlib.visualization.traversals import fitted_gaussian as fitted_gaussian
from disentlib.visualization.traversals import latent_traversal as latent_traversal

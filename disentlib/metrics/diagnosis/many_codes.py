"""Half as many codes as samples: linear predictors learn any by heart."""

from collections.abc import Iterator

from disentlib.metrics.diagnosis.examined import Examined
from disentlib.metrics.diagnosis.finding import Finding
from disentlib.metrics.diagnosis.wording import count


def many_codes(examined: Examined) -> Iterator[Finding]:
    """Say that there are half as many codes as samples."""
    dims = examined.codes.shape[1]
    if 2 * dims >= examined.samples:
        yield Finding(
            "many_codes",
            tuple(range(dims)),
            (),
            {"codes": dims, "samples": examined.samples},
            f"{count(dims, 'code')} of {count(examined.samples, 'sample')}: linear predictors "
            "learn so few by heart, so that figures in-sample (explicitness of info_mec, "
            "informativeness_train) are near 1 for noise, and those of test samples rough",
        )

"""`reduction.npz` and `evidence.npz`: few features for many, and what training places say.

Stage: inference. It must not know TensorFlow. A bundle has neither, one or both of the files.

    reduction.npz   projection and shift, see `geocore.models.reduction`
    evidence.npz    the arrays of `geocore.evaluation.place_evidence`

Source: own.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from geocore.errors import BundleError
from geocore.evaluation.mixing import Mixing
from geocore.evaluation.place_evidence import (
    PlaceEvidence,
    evidence_arrays,
    evidence_from_arrays,
)
from geocore.evaluation.temperature import check_temperature
from geocore.inference import bundle_files as files
from geocore.inference.bundle import Bundle

REDUCTION_FILE, EVIDENCE_FILE = "reduction.npz", "evidence.npz"


def further_arrays(
    projection: tuple[np.ndarray, np.ndarray] | None, evidence: PlaceEvidence | None
) -> dict[str, Sequence[np.ndarray]]:
    """What `save_bundle` writes beside the heads, by name.

    Args:
        projection: projection and shift of a reduction.
        evidence: of places.
    """
    found: dict[str, Sequence[np.ndarray]] = {}
    if projection is not None:
        found[Path(REDUCTION_FILE).stem] = projection
    if evidence is not None:
        found[Path(EVIDENCE_FILE).stem] = evidence_arrays(evidence)
    return found


def load_projection(bundle: Bundle) -> tuple[np.ndarray, np.ndarray] | None:
    """Projection (n_features, n_axes) and shift (n_axes,); None where all features are read.

    Raises:
        BundleError: the file does not hold them.
    """
    if REDUCTION_FILE not in bundle.manifest["files"]:
        return None
    path = bundle.folder / REDUCTION_FILE
    arrays = files.read_arrays(path)
    if [x.ndim for x in arrays] != [2, 1] or arrays[0].shape[1:] != arrays[1].shape:
        raise BundleError(
            f"{path}: a projection and a shift of one width must be there, received shapes "
            f"{[x.shape for x in arrays]}. Make the bundle anew."
        )
    return arrays[0], arrays[1]


def load_evidence(bundle: Bundle) -> PlaceEvidence | None:
    """The evidence of places over the bundle's leaves; None where the bundle has none.

    Raises:
        BundleError: the file does not hold one, or one over other leaves.
    """
    if EVIDENCE_FILE not in bundle.manifest["files"]:
        return None
    path = bundle.folder / EVIDENCE_FILE
    try:
        evidence = evidence_from_arrays(files.read_arrays(path))
    except ValueError as error:
        raise BundleError(f"{path}: {error} Make the bundle anew.") from error
    if set(evidence.place_leaf.tolist()) != set(range(bundle.grid.n_leaves)):
        raise BundleError(
            f"{path}: every one of the {bundle.grid.n_leaves} leaves must have a place, and no "
            "other. Make the bundle anew."
        )
    _check_domains(bundle, evidence)
    return evidence


def _check_domains(bundle: Bundle, evidence: PlaceEvidence) -> None:
    """Refuse an evidence that tells other domains apart than report.json names and mixes."""
    n_domains = 0 if evidence.domains is None else evidence.n_domains
    names, sharpness = bundle.report.get("domains", []), bundle.report.get("point_sharpness", 1.0)
    is_named = isinstance(names, list) and all(isinstance(name, str) for name in names)
    shares = {len(head_mixing(bundle, head).shares) for head in bundle.heads}
    if not is_named or len(names) != n_domains or shares - {n_domains}:
        raise BundleError(
            f"{bundle.folder}: report.json must name and mix the {n_domains} photo sets that "
            f"{EVIDENCE_FILE} tells apart, found {names!r:.100}. Make the bundle anew."
        )
    try:
        check_temperature(sharpness)
    except ValueError as error:
        raise BundleError(
            f"{bundle.folder}: report.json: point_sharpness: {error} Make the bundle anew."
        ) from error


def head_mixing(bundle: Bundle, head: str) -> Mixing:
    """How the probs of one head become those that are served.

    Raises:
        BundleError: report.json says something impossible.
    """
    share = bundle.report.get("evidence_shares", {}).get(head, 0.0)
    apart = bundle.report.get("domain_mixings", {}).get(head, {})
    try:
        return Mixing(
            temperature=bundle.temperature(head),
            share=float(share),
            shares=tuple(float(x) for x in apart.get("shares", ())),
            strengths=tuple(float(x) for x in apart.get("strengths", ())),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise BundleError(f"{bundle.folder}: report.json: {error} Make the bundle anew.") from error

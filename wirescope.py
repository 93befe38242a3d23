"""Wirescope for notebooks: `import wirescope as ws`."""

from core.checkpoints.follow import Followed, follow
from core.checkpoints.series import Series, open_series
from core.circuit import Circuit, circuit_of
from core.detection.hidden import Detection, detect
from core.detection.watch import Watch, watch
from core.edited.apply import EditedModel, apply
from core.edited.bake import BakedModel, bake
from core.edited.export import Exported, export_model
from core.edits import Edit
from core.errors import WirescopeError
from core.evaluation.balance import with_balance
from core.evaluation.dissociation import Dissociation, dissociate
from core.evaluation.faithfulness import Curve, faithfulness
from core.evaluation.minimal_patch import minimal_patch
from core.evaluation.neuron_curve import NeuronCurve, neuron_curve
from core.evaluation.patched_set import MinimalPatch
from core.evaluation.trust import Trust, trust
from core.evaluation.uniqueness import SecondCircuit, second_circuit
from core.generation import GeneratedToken
from core.graph import Edge, Entries, Graph, Node, Reader
from core.heads.identity import HeadIdentities, head_identities
from core.inputs.image_corruption import corrupted
from core.inputs.pair import Dataset, Pair
from core.interchange.report import Report, report
from core.lens.activations import Activations, activations
from core.lens.artefacts import artefact_patches, patch_norms
from core.lens.attention import attention_pattern, mean_attention, value_weighted_attention
from core.lens.direct import direct_attribution
from core.lens.lens_array import LogitLens, logit_lens
from core.lens.logit_lens import node_lens, stream_lens
from core.lens.neuron_ranking import NeuronRanking, rank_neurons
from core.lens.neurons import Neurons, neurons, routing
from core.lens.patch_maps import PatchMaps, patch_maps
from core.lens.promoted import Promoted, head_promotes, promoted
from core.lens.query_key import QueryKey, query_key
from core.lens.repair import BackupEffects, SelfRepair, backup_effects, self_repair
from core.lens.sources import SourceAttribution, attribution_by_source
from core.lens.token_attribution import TokenAttribution, token_attribution
from core.lens.tuned_lens import TunedLens, read_tuned_lens
from core.metrics import (
    Metric,
    accuracy,
    class_logit,
    cosine,
    kl,
    log_probability,
    logit_difference,
    probability,
)
from core.models.bundled import bundled_models
from core.models.loading import load_model
from core.models.model import Model
from core.path_patching import path_patching
from core.pictures.heat_map import heat_map
from core.pictures.picture import Picture
from core.probing.fit import FittedProbe, fit_probe
from core.repair.examples import Example
from core.repair.repair import Repair, repair
from core.result import Result
from core.rounding import Rounding, rounding
from core.scan import Scan
from core.scripts.public import to_python
from core.scripts.torch_script import torch_script as to_torch
from core.session import Session
from core.sharded.study_workers import StudyWorkers
from core.sharded.trace_many import trace_many
from core.spans import by_region
from core.steering import difference_of_means
from core.studies.head_sets import Ranking as HeadRanking
from core.studies.icl import IclStudy, study_icl
from core.studies.modalities import ModalityStudy, study_modalities
from core.tracing.methods.ensemble import ensemble
from core.tracing.scores import Scores
from core.tracing.sign_agreement import with_agreement
from core.tracing.told_options import Options
from core.tracing.trace import Tracing, trace

__all__ = [
    "Activations",
    "BackupEffects",
    "BakedModel",
    "Circuit",
    "Curve",
    "Dataset",
    "Detection",
    "Dissociation",
    "Edge",
    "Edit",
    "EditedModel",
    "Entries",
    "Example",
    "Exported",
    "FittedProbe",
    "Followed",
    "GeneratedToken",
    "Graph",
    "HeadIdentities",
    "HeadRanking",
    "IclStudy",
    "LogitLens",
    "Metric",
    "MinimalPatch",
    "ModalityStudy",
    "Model",
    "NeuronCurve",
    "NeuronRanking",
    "Neurons",
    "Node",
    "Options",
    "Pair",
    "PatchMaps",
    "Picture",
    "Promoted",
    "QueryKey",
    "Reader",
    "Repair",
    "Report",
    "Result",
    "Rounding",
    "Scan",
    "Scores",
    "SecondCircuit",
    "SelfRepair",
    "Series",
    "Session",
    "SourceAttribution",
    "StudyWorkers",
    "TokenAttribution",
    "Tracing",
    "Trust",
    "TunedLens",
    "Watch",
    "WirescopeError",
    "accuracy",
    "activations",
    "apply",
    "artefact_patches",
    "attention_pattern",
    "attribution_by_source",
    "backup_effects",
    "bake",
    "bundled_models",
    "by_region",
    "circuit_of",
    "class_logit",
    "corrupted",
    "cosine",
    "detect",
    "difference_of_means",
    "direct_attribution",
    "dissociate",
    "ensemble",
    "export_model",
    "faithfulness",
    "fit_probe",
    "follow",
    "head_identities",
    "head_promotes",
    "heat_map",
    "kl",
    "load_model",
    "log_probability",
    "logit_difference",
    "logit_lens",
    "mean_attention",
    "minimal_patch",
    "neuron_curve",
    "neurons",
    "node_lens",
    "open_series",
    "patch_maps",
    "patch_norms",
    "path_patching",
    "probability",
    "promoted",
    "query_key",
    "rank_neurons",
    "read_tuned_lens",
    "repair",
    "report",
    "rounding",
    "routing",
    "second_circuit",
    "self_repair",
    "stream_lens",
    "study_icl",
    "study_modalities",
    "to_python",
    "to_torch",
    "token_attribution",
    "trace",
    "trace_many",
    "trust",
    "value_weighted_attention",
    "watch",
    "with_agreement",
    "with_balance",
]

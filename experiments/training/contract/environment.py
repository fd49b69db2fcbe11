"""What a training process inherits of the worker's environment variables, and what it does not. Pure.

Own networks may read whatever an administrator sets for them: proxies, caches, tokens of hubs and object stores. Taken
away are the server's own secrets, which no training needs, and what would tell libraries that this process is one of
several: a worker may run inside a job of a cluster, but its trainings are told by the server which ranks they have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

SECRETS = frozenset(
    {
        *("DATABASE_URL", "REDIS_URL", "BROKER_URL"),
        *("LIVETRAIN_SECRET_KEY", "LIVETRAIN_METRICS_TOKEN", "LIVETRAIN_OIDC_CLIENT_SECRET", "LIVETRAIN_EMAIL_URL"),
    }
)
_RANKS = frozenset(
    {
        *("RANK", "LOCAL_RANK", "GROUP_RANK", "NODE_RANK", "ROLE_RANK", "ROLE_NAME"),
        *("WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_WORLD_SIZE", "ROLE_WORLD_SIZE"),
        *("MASTER_ADDR", "MASTER_PORT", "STANDALONE_PORT", "KUBERNETES_PORT"),
    }
)
_LAUNCHERS = (
    "SLURM_",
    *("LSB_", "LSF_", "JSM_"),
    *("PMI_", "PMIX_", "OMPI_", "MPI_", "MPIEXEC_", "MV2_COMM_", "HYDRA_", "PALS_", "ALPS_", "FLUX_"),
    "TORCHELASTIC_",
    "PL_TRAINER_",  # Lightning would take these for options of its Trainer, which the configuration alone decides
)
_HARMLESS = frozenset({"SLURM_JOB_ID", "SLURM_TMPDIR"})


def withheld(names: Iterable[str]) -> list[str]:
    """Return those of the names of environment variables that no training process gets."""
    return [name for name in names if name in SECRETS or _is_of_a_launcher(name)]


def cleaned(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment that a training process gets."""
    kept = environment.keys() - set(withheld(environment))
    return {name: value for name, value in environment.items() if name in kept}


def _is_of_a_launcher(name: str) -> bool:
    return name not in _HARMLESS and (name in _RANKS or name.startswith(_LAUNCHERS))

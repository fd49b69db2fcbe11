#!/usr/bin/env bash
set -euo pipefail
# Versions: pytorch-lightning 2.6.6, mypy 2.4.1 (only read, not run: without torch)
# One would guess: a class that Lightning documents at `pytorch_lightning.plugins.environments` can be imported from there
#   in a program that `mypy --strict` checks: the package has type hints and says so.
# Seen: 'Module does not explicitly export attribute "LightningEnvironment"'. The package imports it without `__all__` or
#   `as`, which strict mode takes for private. At run time it is there.
# Cost: a strict check failed on an import that works. Import it from `lightning_fabric`, where it is defined.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet mypy==2.4.1
venv/bin/pip install --quiet --no-deps pytorch-lightning==2.6.6

echo 'from pytorch_lightning.plugins.environments import LightningEnvironment as Documented' > documented.py
echo 'from lightning_fabric.plugins.environments.lightning import LightningEnvironment as Defined' > defined.py
echo '[mypy]' > mypy.ini
options=(--config-file mypy.ini --strict --follow-imports=silent)
venv/bin/mypy "${options[@]}" defined.py
if said=$(venv/bin/mypy "${options[@]}" documented.py); then
    echo "Changed: Lightning exports the class where it documents it." >&2
    exit 1
fi
echo "$said"
grep --quiet "does not explicitly export" <<< "$said"

"""Makes test/golden/decay.json: the parameters of each model of test/golden/models whose weights do not decay in Transformers' Trainer.

    pip install torch transformers
    python test/golden/decay.py

Made with PyTorch 2.15.0 and Transformers 5.23.0 (`Trainer.get_decay_parameter_names`). Models that Transformers itself does not
have are left out.
"""

import json
from pathlib import Path

from transformers import AutoModelForCausalLM, Trainer

here = Path(__file__).parent
names = {}
for folder in sorted((here / "models").iterdir()):
    try:
        model = AutoModelForCausalLM.from_pretrained(folder)
    except (KeyError, ValueError, OSError) as error:
        print("left out:", folder.name, error)
        continue
    decayed = set(Trainer.get_decay_parameter_names(None, model))
    names[folder.name] = [name for name, _ in model.named_parameters() if name not in decayed]
(here / "decay.json").write_text(json.dumps(names) + "\n")

"""Makes test/golden/full: ten updates of every weight by Transformers' Trainer, on tiny models of test/golden/models.

    pip install torch transformers safetensors accelerate
    python test/golden/full.py

Made with PyTorch 2.15.0 (CPU) and Transformers 5.23.0, in f32. Both models tie the head to the embedding, so its
gradient has two parts. In each folder: golden.json (as in lora.py) and final.safetensors (all weights at the end).
"""

import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

from trainer import ACCUMULATION, BATCH, UPDATES, train, without_dropout

here = Path(__file__).parent
settings = dict(learning_rate=2e-3, lr_scheduler_type="linear", warmup_steps=3, weight_decay=0.1, max_grad_norm=0.5)


def rows_of(vocabulary, count):
    """Rows of ids that follow a rule with exceptions; labels are all but the first `prompt` of them."""
    rows = [[(7 * i + 3 * t + (t * t) % 5) % vocabulary for t in range(20 - i % 7)] for i in range(count)]
    return [dict(input_ids=row, prompt=2 + i % 5) for i, row in enumerate(rows)]


for name in ("gpt2", "llama-tied-bf16-shards"):
    folder = here / "full" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = without_dropout(AutoModelForCausalLM.from_pretrained(here / "models" / name, dtype=torch.float32, attn_implementation="eager"))
    rows = rows_of(model.config.vocab_size, UPDATES * ACCUMULATION * BATCH)
    train(model, rows, settings, folder)
    weights = {key: value.contiguous() for key, value in model.state_dict().items() if key != "lm_head.weight"}
    save_file(weights, folder / "final.safetensors")

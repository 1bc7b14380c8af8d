"""Makes test/golden/lora: ten updates of LoRA by Transformers' Trainer and PEFT on two real models.

    pip install torch transformers peft safetensors tokenizers accelerate
    python test/golden/lora.py path/to/models

`models` holds stories260k and tiny-random-gpt2; their weights are not kept here. Made with PyTorch 2.15.0 (CPU),
Transformers 5.23.0, PEFT 0.21.2, in f32. In each folder: golden.json (the rows in the order they were seen,
settings, losses, gradient norms, learning rates), start/ and final/ (the adapter as PEFT writes it) and
logits.safetensors (of the first row, every 9th position and 7th token, with the final adapter).
"""

import shutil
import sys
from pathlib import Path

import torch
from peft import LoraConfig, TaskType, get_peft_model
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

from trainer import ACCUMULATION, BATCH, UPDATES, train, without_dropout

models = Path(sys.argv[1])
out = Path(__file__).parent / "lora"

schedule = dict(learning_rate=5e-3, lr_scheduler_type="cosine", warmup_steps=2, weight_decay=0.01)
runs = {  # of the norms of each run, some are clipped and some are not
    "stories260k": (dict(r=4, lora_alpha=8), dict(schedule, max_grad_norm=1.0)),
    "tiny-random-gpt2": (dict(r=3, lora_alpha=6, use_rslora=True), dict(schedule, max_grad_norm=0.3)),
}
heroes, acts, things = ["a small fox", "the old king", "her brother"], ["saw", "painted", "lost", "sang to"], ["a red boat", "the moon", "two green apples", "a door", "his friend"]


def rows_of(name, count):
    """Rows of ids; labels are all but the first `prompt` of them."""
    lines = [f"One day {heroes[i % 3]} {acts[i % 4]} {things[i % 5]} and went home" for i in range(count)]
    if name == "stories260k":
        tokenizer = Tokenizer.from_file(str(models / name / "tokenizer.json"))
        ids = [tokenizer.encode(line).ids for line in lines]
    else:  # its tokenizer is not its own: bytes will do
        ids = [[3 * b for b in line[8:].encode()] for line in lines]
    return [dict(input_ids=row[: 26 - i % 9], prompt=3 + i % 7) for i, row in enumerate(ids)]


for name, (lora, settings) in runs.items():
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(7)
    base = AutoModelForCausalLM.from_pretrained(models / name, dtype=torch.float32, attn_implementation="eager")
    for key in ("attn_pdrop", "embd_pdrop", "resid_pdrop", "attention_dropout"):
        if hasattr(base.config, key):
            setattr(base.config, key, 0.0)
    without_dropout(base)
    peft = get_peft_model(base, LoraConfig(task_type=TaskType.CAUSAL_LM, lora_dropout=0.0, fan_in_fan_out=name.endswith("gpt2"), **lora))
    peft.peft_config["default"].base_model_name_or_path = name
    peft.save_pretrained(folder / "start")

    rows = rows_of(name, UPDATES * ACCUMULATION * BATCH)
    train(peft, rows, settings, folder)
    peft.save_pretrained(folder / "final")
    for readme in folder.glob("*/README.md"):
        readme.unlink()

    peft.eval()
    with torch.no_grad():
        logits = peft(torch.tensor([rows[0]["input_ids"]])).logits[0, ::9, ::7]
    save_file({"logits": logits.contiguous()}, folder / "logits.safetensors")

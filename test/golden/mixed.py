"""Makes test/golden/mixed: ten updates of LoRA under torch.autocast, in bfloat16 and in float16 with torch.amp.GradScaler.

    pip install torch transformers peft safetensors
    python test/golden/mixed.py path/to/models

From the start, the rows and the settings of test/golden/lora, in a loop as the Trainer's. The frozen base is loaded in the
type and widened: what a program in mixed precision holds. Made with PyTorch 2.15.0 (CPU), Transformers 5.23.0, PEFT 0.21.2.
mixed.json: of each model and type the losses and gradient norms (after unscaling, before clipping); and of a scaler fed
gradients that overflow at the listed updates, the scale after each.
"""

import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, get_scheduler

from trainer import ACCUMULATION, BATCH, UPDATES, collate, without_dropout

models = Path(sys.argv[1])
here = Path(__file__).parent
types = {"bf16": torch.bfloat16, "f16": torch.float16}


def train(name, kind):
    golden = json.loads((here / "lora" / name / "golden.json").read_text())
    settings, rows = golden["settings"], golden["rows"]
    base = AutoModelForCausalLM.from_pretrained(models / name, dtype=torch.float32, attn_implementation="eager")
    for parameter in base.parameters():
        if parameter.dim() > 1:
            parameter.data = parameter.data.to(types[kind]).float()
    model = PeftModel.from_pretrained(without_dropout(base), here / "lora" / name / "start", is_trainable=True)
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=settings["learning_rate"], weight_decay=settings["weight_decay"])
    schedule = get_scheduler(settings["lr_scheduler_type"], optimizer, settings["warmup_steps"], UPDATES)
    scaler = torch.amp.GradScaler("cpu", enabled=kind == "f16")
    losses, norms = [], []
    for update in range(UPDATES):
        micro = [rows[(update * ACCUMULATION + i) * BATCH :][:BATCH] for i in range(ACCUMULATION)]
        labels = sum(len(row["input_ids"]) - max(1, row["prompt"]) for part in micro for row in part)
        total = 0.0
        for part in micro:
            with torch.autocast("cpu", types[kind]):
                loss = model(**collate(part), num_items_in_batch=labels).loss
            scaler.scale(loss).backward()
            total += loss.item()
        scaler.unscale_(optimizer)
        norms.append(torch.nn.utils.clip_grad_norm_(trained, settings["max_grad_norm"]).item())
        scaler.step(optimizer)
        scaler.update()
        schedule.step()
        optimizer.zero_grad()
        losses.append(total)
    print(name, kind, losses, norms, scaler.get_scale() if kind == "f16" else "")
    return dict(losses=losses, grad_norms=norms)


def scales(updates, overflows):
    """The scale after each of some updates."""
    scaler = torch.amp.GradScaler("cpu")
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.0)
    found = []
    for update in range(updates):
        scaler.scale(weight.sum() * (float("inf") if update in overflows else 1.0)).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        found.append(scaler.get_scale())
    return found


overflows = [0, 1, 7, 1500, 3600, 3601]
after = scales(6000, set(overflows))
changes = [(i, scale) for i, scale in enumerate(after) if i == 0 or scale != after[i - 1]]
(here / "mixed.json").write_text(
    json.dumps(dict(
        runs={name: {kind: train(name, kind) for kind in types} for name in ["stories260k", "tiny-random-gpt2"]},
        scaler=dict(updates=6000, overflows=overflows, changes=changes),
    )) + "\n"
)

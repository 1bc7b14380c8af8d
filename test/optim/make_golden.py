"""Makes golden.json: AdamW, clipping and schedules as PyTorch and Transformers compute them.

Run with torch 2.x and transformers 5.x installed: python test/optim/make_golden.py
"""
import json
from pathlib import Path

import torch
import transformers

torch.manual_seed(0)


def adamw(max_norm: float, steps: int = 6) -> dict:
    """A decayed matrix and an undecayed vector over some steps with a rate that changes."""
    w = torch.nn.Parameter(torch.randn(3, 5))
    b = torch.nn.Parameter(torch.randn(5))
    options = dict(lr=0.0, betas=(0.9, 0.98), eps=1e-8)
    groups = [{"params": [w], "weight_decay": 0.1}, {"params": [b], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, **options)
    start = {"w": w.detach().flatten().tolist(), "b": b.detach().tolist()}
    rows = []
    for step in range(steps):
        rate = 0.01 * (step + 1)
        for group in optimizer.param_groups:
            group["lr"] = rate
        w.grad = torch.randn(3, 5) * 10 ** (step - 3)
        b.grad = torch.randn(5) * 10 ** (step - 3)
        gradient = {"w": w.grad.flatten().tolist(), "b": b.grad.tolist()}
        norm = torch.nn.utils.clip_grad_norm_([w, b], max_norm)
        optimizer.step()
        rows.append({
            "learning_rate": rate,
            "gradient": gradient,
            "norm": norm.item(),
            "w": w.detach().flatten().tolist(),
            "b": b.detach().tolist(),
            "exp_avg_sq": optimizer.state[w]["exp_avg_sq"].flatten().tolist(),
        })
    return {"max_norm": max_norm, "start": start, "steps": rows}


def schedule(name: str, warmup: int, total: int, peak: float) -> dict:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    scheduler = transformers.get_scheduler(name, optimizer, num_warmup_steps=warmup, num_training_steps=total)
    rates = []
    for _ in range(total):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return {"type": name, "warmup": warmup, "total": total, "peak": peak, "rates": rates}


golden = {
    "torch": torch.__version__,
    "transformers": transformers.__version__,
    "adamw": [adamw(1.0), adamw(1e9)],
    "schedules": [
        schedule(name, warmup, total, peak)
        for name in ["linear", "cosine", "constant", "constant_with_warmup", "polynomial"]
        for warmup, total, peak in [(0, 7, 2e-4), (3, 20, 1e-3)]
    ],
}
Path(__file__).with_name("golden.json").write_text(json.dumps(golden))

"""Makes golden.json: AdamW, clipping, schedules and early ends as PyTorch and Transformers compute them.

Run with torch 2.x and transformers 5.x installed: python test/optim/make_golden.py
"""
import json
from pathlib import Path

import numpy
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


def schedule(name: str, warmup: int, total: int, peak: float, **options) -> dict:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    scheduler = transformers.get_scheduler(name, optimizer, num_warmup_steps=warmup, num_training_steps=total, scheduler_specific_kwargs=options)
    rates = []
    for _ in range(total):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return {"type": name, "warmup": warmup, "total": total, "peak": peak, "options": options, "rates": rates}


def plateau(values: list, peak: float, mode: str = "min", **options) -> dict:
    """The rate after each evaluation."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode=mode, **options)
    rates = []
    for value in values:
        scheduler.step(value)
        rates.append(optimizer.param_groups[0]["lr"])
    return {"values": [None if numpy.isnan(v) else v for v in values], "peak": peak, "mode": mode, "options": options, "rates": rates}


def early(values: list, patience: int, threshold: float, greater: bool) -> dict:
    """Evaluations in a row without a gain, by the callback, beside the best metric as the Trainer keeps it."""
    arguments = transformers.TrainingArguments(output_dir="none", metric_for_best_model="metric", greater_is_better=greater, report_to=[], use_cpu=True)
    callback = transformers.EarlyStoppingCallback(patience, threshold)
    state, control = transformers.TrainerState(), transformers.TrainerControl()
    counts, bests, ends = [], [], []
    for value in values:
        callback.on_evaluate(arguments, state, control, {"eval_metric": value})
        if state.best_metric is None or (numpy.greater if greater else numpy.less)(value, state.best_metric):
            state.best_metric = value
        counts.append(callback.early_stopping_patience_counter)
        bests.append(state.best_metric)
        ends.append(control.should_training_stop)
    return {"values": values, "patience": patience, "threshold": threshold, "greater": greater, "counts": counts, "bests": bests, "ends": ends}


golden = {
    "torch": torch.__version__,
    "transformers": transformers.__version__,
    "adamw": [adamw(1.0), adamw(1e9)],
    "schedules": [
        schedule(name, warmup, total, peak, **options)
        for name, options in [
            ("linear", {}), ("cosine", {}), ("cosine", dict(num_cycles=1.25)), ("constant", {}), ("constant_with_warmup", {}),
            ("polynomial", {}), ("polynomial", dict(lr_end=1e-5, power=2.5)),
            ("cosine_with_restarts", {}), ("cosine_with_restarts", dict(num_cycles=3)),
            ("cosine_with_min_lr", dict(min_lr=5e-5)), ("cosine_with_min_lr", dict(min_lr_rate=0.1, num_cycles=0.75)),
            ("inverse_sqrt", {}), ("inverse_sqrt", dict(timescale=5)),
            ("warmup_stable_decay", dict(num_decay_steps=4)),
            ("warmup_stable_decay", dict(num_decay_steps=2, num_stable_steps=1, min_lr_ratio=0.2, warmup_type="cosine", decay_type="1-sqrt")),
            ("warmup_stable_decay", dict(num_decay_steps=4, warmup_type="1-sqrt", decay_type="linear", min_lr_ratio=0.05)),
            ("warmup_stable_decay", dict(num_decay_steps=4, decay_type="cosine", num_cycles=0.75)),
        ]
        for warmup, total, peak in [(0, 7, 2e-4), (3, 20, 1e-3)]
    ],
    "plateaus": [
        plateau([3, 2.5, 2.4, 2.45, 2.4, 2.41, 2.42, 2.39, 2.5, 2.5, 2.5, 2.5], 1e-3, patience=1),
        plateau([3, 3, 3, 2, 2, 2, float("nan"), 2, 2, 2, 2], 2e-4, patience=0, factor=0.5, cooldown=2, min_lr=3e-5),
        plateau([0.5, 0.6, 0.62, 0.63, 0.7, 0.7, 0.7, 0.9, 0.2], 1e-3, mode="max", patience=1, threshold=0.1, factor=0.25),
        plateau([1.0] * 16, 5e-5),
    ],
    "early": [
        early([2.0, 1.5, 1.45, 1.44, 1.6, 1.7, 1.2, 1.3, 1.3], 3, 0.0, False),
        early([2.0, 1.5, 1.45, 1.44, 1.39, 1.38, 1.2, 1.3, 1.3], 3, 0.1, False),
        early([0.2, 0.4, 0.4, 0.39, 0.5, 0.5, 0.6], 2, 0.0, True),
    ],
}
Path(__file__).with_name("golden.json").write_text(json.dumps(golden))

"""Makes test/golden/weighted: ten updates of every weight by losses that weigh tokens, rows, or rows by their key tokens.

    pip install torch transformers safetensors
    python test/golden/weighted.py

Made with PyTorch 2.15.0 (CPU) and Transformers 5.23.0, in f32, on tiny models of test/golden/models. Token and row weights
are a weighted cross entropy over the update, Σ w·nll / Σ w. The key-token loss is that of Hugging Face's course, chapter
7.6: α · (1 + key tokens) times the mean loss of each row, the mean over the rows of a batch, divided by the accumulation.
In each folder: golden.json (rows, settings, losses, gradient norms) and gradients.safetensors (of the first update).
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, get_scheduler

from trainer import ACCUMULATION, BATCH, UPDATES, without_dropout

torch.set_num_threads(1)
here = Path(__file__).parent
settings = dict(learning_rate=2e-3, lr_scheduler_type="linear", warmup_steps=3, weight_decay=0.1, max_grad_norm=0.5)
keys, alpha = [3, 11, 12, 40], 0.5


def rows_of(vocabulary, count, kind):
    """Rows by the rule of full.py; those for the key-token loss are of one length and learned whole, as in the course."""
    rows = []
    for i in range(count):
        length = 20 if kind == "keytoken" else 20 - i % 7
        ids = [(7 * i + 3 * t + (t * t) % 5) % vocabulary for t in range(length)]
        row = dict(input_ids=ids, prompt=0 if kind == "keytoken" else 2 + i % 5)
        if kind == "tokens":
            row["weights"] = [((i + 2 * t) % 5) / 2 + 0.25 for t in range(length)]
        if kind == "rows":
            row["weights"] = [(1 + i % 4) / 3] * length
        rows.append(row)
    return rows


def weighted(model, update):
    """Σ w·nll / Σ w over all labels of an update, its micro-batches a row each."""
    losses, weights = [], []
    for row in update:
        ids = torch.tensor(row["input_ids"])
        labels = ids.clone()
        labels[: row["prompt"]] = -100
        logits = model(ids[None]).logits[0]
        losses.append(cross_entropy(logits[:-1], labels[1:], reduction="none"))
        weights.append(torch.tensor(row["weights"])[1:] * (labels[1:] != -100))
    losses, weights = torch.cat(losses), torch.cat(weights)
    return (losses * weights).sum() / weights.sum()


def keytoken_batch(model, batch):
    inputs = torch.tensor([row["input_ids"] for row in batch])  # [B, T]
    logits = model(inputs).logits
    nll = cross_entropy(logits[:, :-1].flatten(0, 1), inputs[:, 1:].flatten(), reduction="none").view(len(batch), -1)
    counts = torch.isin(inputs, torch.tensor(keys)).sum(1)
    return (alpha * (1.0 + counts) * nll.mean(1)).mean()


def keytoken(model, update):
    batches = [update[i : i + BATCH] for i in range(0, len(update), BATCH)]
    return sum(keytoken_batch(model, batch) for batch in batches) / len(batches)


for name, kind in (("gpt2", "tokens"), ("gpt2", "keytoken"), ("llama-tied-bf16-shards", "rows"), ("llama-tied-bf16-shards", "keytoken")):
    folder = here / "weighted" / f"{name}-{kind}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = without_dropout(AutoModelForCausalLM.from_pretrained(here / "models" / name, dtype=torch.float32, attn_implementation="eager"))
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW([dict(params=decayed, weight_decay=settings["weight_decay"]), dict(params=others, weight_decay=0.0)], lr=settings["learning_rate"])
    scheduler = get_scheduler("linear", optimizer, num_warmup_steps=settings["warmup_steps"], num_training_steps=UPDATES)
    rows = rows_of(model.config.vocab_size, UPDATES * ACCUMULATION * BATCH, kind)
    losses, norms = [], []
    for step in range(UPDATES):
        update = rows[step * ACCUMULATION * BATCH : (step + 1) * ACCUMULATION * BATCH]
        loss = (keytoken if kind == "keytoken" else weighted)(model, update)
        loss.backward()
        if step == 0:
            save_file({key: value.grad.clone().contiguous() for key, value in model.named_parameters()}, folder / "gradients.safetensors")
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), settings["max_grad_norm"]).item())
        losses.append(loss.item())
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    golden = dict(settings=dict(settings, updates=UPDATES, accumulation=ACCUMULATION, batch=BATCH), rows=rows, keys=keys if kind == "keytoken" else None, alpha=alpha, losses=losses, grad_norms=norms)
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(folder.name, losses, norms)

"""Ten updates by Transformers' Trainer over rows in their order, for full.py and lora.py: what they give in and what they keep."""

import json
import tempfile

import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

torch.set_num_threads(1)
UPDATES, ACCUMULATION, BATCH = 10, 2, 3


def collate(rows):
    """Labels are all but the first `prompt` tokens of a row."""
    length = max(len(row["input_ids"]) for row in rows)
    pad = lambda ids, value: ids + [value] * (length - len(ids))
    masked = lambda row: [-100] * row["prompt"] + row["input_ids"][row["prompt"] :]
    return dict(
        input_ids=torch.tensor([pad(row["input_ids"], 0) for row in rows]),
        labels=torch.tensor([pad(masked(row), -100) for row in rows]),
        attention_mask=torch.tensor([pad([1] * len(row["input_ids"]), 0) for row in rows]),
    )


class InOrder(Trainer):
    def _get_train_sampler(self, dataset=None):
        return torch.utils.data.SequentialSampler(dataset or self.train_dataset)


class Log(TrainerCallback):
    def __init__(self):
        self.points = []

    def on_log(self, args, state, control, logs=None, **kwargs):
        if "loss" in logs:
            self.points.append(logs)


def without_dropout(model):
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model


def train(model, rows, settings, folder):
    """Trains `model` in place and writes golden.json: rows, settings, losses, gradient norms and rates of every update."""
    log = Log()
    arguments = TrainingArguments(
        output_dir=tempfile.mkdtemp(), max_steps=UPDATES, gradient_accumulation_steps=ACCUMULATION, per_device_train_batch_size=BATCH,
        logging_steps=1, save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True, remove_unused_columns=False, **dict(dict(optim="adamw_torch"), **settings),
    )
    InOrder(model=model, args=arguments, train_dataset=rows, data_collator=collate, callbacks=[log]).train()
    golden = dict(
        settings=dict(settings, updates=UPDATES, accumulation=ACCUMULATION, batch=BATCH), rows=rows,
        losses=[p["loss"] for p in log.points], grad_norms=[p["grad_norm"] for p in log.points], learning_rates=[p["learning_rate"] for p in log.points],
    )
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(folder.name, golden["losses"], golden["grad_norms"], golden["learning_rates"])

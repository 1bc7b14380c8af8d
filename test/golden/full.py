"""Makes test/golden/full: ten updates of every weight by Transformers' Trainer, on tiny models of test/golden/models.

    pip install torch transformers safetensors accelerate
    python test/golden/full.py

Made with PyTorch 2.15.0 (CPU) and Transformers 5.23.0, in f32. Both models tie the head to the embedding, so its
gradient has two parts. In each folder: golden.json (as in lora.py) and final.safetensors (all weights at the end).
"""

import json
import shutil
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, Trainer, TrainerCallback, TrainingArguments

torch.set_num_threads(1)
here = Path(__file__).parent
UPDATES, ACCUMULATION, BATCH = 10, 2, 3
settings = dict(learning_rate=2e-3, lr_scheduler_type="linear", warmup_steps=3, weight_decay=0.1, max_grad_norm=0.5)


def rows_of(vocabulary, count):
    """Rows of ids that follow a rule with exceptions; labels are all but the first `prompt` of them."""
    rows = [[(7 * i + 3 * t + (t * t) % 5) % vocabulary for t in range(20 - i % 7)] for i in range(count)]
    return [dict(input_ids=row, prompt=2 + i % 5) for i, row in enumerate(rows)]


def collate(rows):
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


for name in ("gpt2", "llama-tied-bf16-shards"):
    folder = here / "full" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = AutoModelForCausalLM.from_pretrained(here / "models" / name, dtype=torch.float32, attn_implementation="eager")
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    rows = rows_of(model.config.vocab_size, UPDATES * ACCUMULATION * BATCH)
    log = Log()
    arguments = TrainingArguments(
        output_dir=tempfile.mkdtemp(), max_steps=UPDATES, gradient_accumulation_steps=ACCUMULATION, per_device_train_batch_size=BATCH,
        logging_steps=1, save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True, optim="adamw_torch", remove_unused_columns=False, **settings,
    )
    InOrder(model=model, args=arguments, train_dataset=rows, data_collator=collate, callbacks=[log]).train()
    weights = {key: value.contiguous() for key, value in model.state_dict().items() if key != "lm_head.weight"}
    save_file(weights, folder / "final.safetensors")
    golden = dict(
        settings=dict(settings, updates=UPDATES, accumulation=ACCUMULATION, batch=BATCH), rows=rows,
        losses=[p["loss"] for p in log.points], grad_norms=[p["grad_norm"] for p in log.points], learning_rates=[p["learning_rate"] for p in log.points],
    )
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(name, golden["losses"], golden["grad_norms"])

"""Makes test/golden/options: ten updates by Transformers' Trainer with options of its own, on tiny models of test/golden/models.

    pip install torch transformers peft safetensors accelerate
    python test/golden/options.py [name …]

Made with PyTorch 2.15.0 (CPU), Transformers 5.23.0 and PEFT 0.21.2, in f32. In each folder: golden.json (as in lora.py) and
final.safetensors: all weights at the end, or of LoRA+ start.safetensors too, by PEFT's names. The noise of NEFTune is no
random one, but m·sin(12.9898·i + n) for the i-th element, from 1, of the n-th micro-batch, from 0, of magnitude m.
"""

import shutil
import sys
from pathlib import Path

import torch
from peft import LoraConfig, TaskType, get_peft_model, get_peft_model_state_dict
from peft.optimizers import create_loraplus_optimizer
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

import trainer
from trainer import ACCUMULATION, BATCH, UPDATES, InOrder, train, without_dropout

here = Path(__file__).parent
base = dict(learning_rate=2e-3, lr_scheduler_type="linear", warmup_steps=3, weight_decay=0.1, max_grad_norm=0.5)
runs = {
    "smoothing": dict(base, label_smoothing_factor=0.1),
    "adafactor": dict(base, optim="adafactor"),
    "neftune": dict(base, neftune_noise_alpha=5.0),
    "neftune-scaled": dict(base, neftune_noise_alpha=5.0),  # of a model that scales its embeddings
    "loraplus": dict(base, warmup_steps=0),
}
RATIO = 16.0


def rows_of(vocabulary, count, even, pad):
    """Rows by the rule of full.py; all of one length where noise goes by the length of a batch, and without the token for padding, whose row does not learn."""
    first = 0 if pad is None else pad + 1
    rows = [[first + (7 * i + 3 * t + (t * t) % 5) % (vocabulary - first) for t in range(16 if even else 20 - i % 7)] for i in range(count)]
    return [dict(input_ids=row, prompt=2 + i % 5) for i, row in enumerate(rows)]


class Plus(InOrder):
    def create_optimizer(self, model=None):
        self.optimizer = create_loraplus_optimizer(self.model, torch.optim.AdamW, lr=self.args.learning_rate, loraplus_lr_ratio=RATIO, loraplus_weight_decay=self.args.weight_decay)
        return self.optimizer


def sine(tensor, low, high):
    places = torch.arange(1, tensor.numel() + 1, dtype=torch.float64)
    values = torch.sin(12.9898 * places + next(calls)).reshape(tensor.shape)
    return tensor.copy_(float(high) * values)


uniform = torch.Tensor.uniform_
for name in sys.argv[1:] or runs:
    settings = runs[name]
    calls = iter(range(1000))
    noisy = name.startswith("neftune")
    of = "gemma2" if name == "neftune-scaled" else "llama-tied-bf16-shards"
    folder = here / "options" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    torch.manual_seed(3)
    model = without_dropout(AutoModelForCausalLM.from_pretrained(here / "models" / of, dtype=torch.float32, attn_implementation="eager"))
    rows = rows_of(model.config.vocab_size, UPDATES * ACCUMULATION * BATCH, noisy, model.model.embed_tokens.padding_idx)
    trainer.InOrder = InOrder
    if name == "loraplus":
        model = get_peft_model(model, LoraConfig(task_type=TaskType.CAUSAL_LM, r=4, lora_alpha=8, lora_dropout=0.0))
        save_file({k: v.clone() for k, v in get_peft_model_state_dict(model).items()}, folder / "start.safetensors")
        trainer.InOrder = Plus
    torch.Tensor.uniform_ = sine if noisy else uniform
    train(model, rows, settings, folder)
    torch.Tensor.uniform_ = uniform
    weights = get_peft_model_state_dict(model) if name == "loraplus" else {k: v for k, v in model.state_dict().items() if k != "lm_head.weight"}
    save_file({k: v.clone().contiguous() for k, v in weights.items()}, folder / "final.safetensors")

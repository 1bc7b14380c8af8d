"""Holds an adapter that Workbench wrote against PEFT and Transformers: the other way round of lora.py.

    pip install torch transformers peft safetensors
    workbench train … ; workbench export <run> --format peft --out adapter; workbench export <run> --format merged --out merged
    python test/golden/check_peft.py path/to/base adapter merged

An encoder's or an encoder–decoder's class is the one that the merged config.json names. Prints the greatest difference of the logits between PEFT on the base and the merged model, and what PEFT and
Transformers did not find or did not know. Ends with 1 where a tensor is missing, unknown, or the logits differ.
"""

import sys
import warnings

import torch
from peft import PeftModel
import transformers
from transformers import AutoConfig, AutoModelForCausalLM

base_folder, adapter_folder, merged_folder = sys.argv[1:]
warnings.filterwarnings("error", message=".*missing adapter keys.*")

config = AutoConfig.from_pretrained(merged_folder)
kind = getattr(transformers, config.architectures[0]) if config.architectures else AutoModelForCausalLM
labels = {} if not getattr(config, "num_labels", 0) or "Classification" not in kind.__name__ else dict(num_labels=config.num_labels)
base = kind.from_pretrained(base_folder, dtype=torch.float32, **labels).eval()
merged, info = kind.from_pretrained(merged_folder, dtype=torch.float32, output_loading_info=True)
ids = torch.arange(3, 3 + 40).reshape(2, 20) * 7 % base.config.vocab_size
with torch.no_grad():
    plain = base(ids).logits
    adapted = PeftModel.from_pretrained(base, adapter_folder).eval()(ids).logits
    whole = merged.eval()(ids).logits

scale = adapted.abs().max().item()
difference = (adapted - whole).abs().max().item()
learned = (adapted - plain).abs().max().item()
print(f"logits up to {scale:.4g}; the adapter moves them by up to {learned:.4g}; adapter and merged differ by {difference:.2g}")
print("missing:", sorted(info["missing_keys"]), "unknown:", sorted(info["unexpected_keys"]))
sys.exit(1 if info["missing_keys"] or info["unexpected_keys"] or learned == 0 or difference > 1e-4 * scale else 0)

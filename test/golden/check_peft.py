"""Holds an adapter that Workbench wrote against PEFT and Transformers: the other way round of lora.py.

    pip install torch transformers peft safetensors
    workbench train … ; workbench export <run> --format peft --out adapter; workbench export <run> --format merged --out merged
    python test/golden/check_peft.py path/to/base adapter merged

Prints the greatest difference of the logits between PEFT on the base and the merged model, and what PEFT and
Transformers did not find or did not know. Ends with 1 where a tensor is missing, unknown, or the logits differ.
"""

import sys
import warnings

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

base_folder, adapter_folder, merged_folder = sys.argv[1:]
warnings.filterwarnings("error", message=".*missing adapter keys.*")

base = AutoModelForCausalLM.from_pretrained(base_folder, dtype=torch.float32).eval()
merged, info = AutoModelForCausalLM.from_pretrained(merged_folder, dtype=torch.float32, output_loading_info=True)
ids = torch.arange(3, 3 + 48).reshape(2, 24) * 7 % base.config.vocab_size
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

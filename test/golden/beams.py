"""Makes test/golden/beams.json: what Transformers' beam search, and its rules for what may come next, write with tiny models.

    pip install torch transformers
    python test/golden/beams.py

Made with PyTorch 2.15.0 (CPU), Transformers 5.23.0, with the models of bart.py and models.py. `tokens` are whole: with the start token or
the prompt, and with the token that ended it.
"""

import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, BartForConditionalGeneration

here = Path(__file__).parent
prompt = [3, 9, 14, 22, 5, 30, 7]
settings = [
    dict(num_beams=4, max_new_tokens=12, eos_token_id=[4, 19]),
    dict(num_beams=4, max_new_tokens=14, eos_token_id=[4, 19, 11, 27], early_stopping=True, length_penalty=2.0, no_repeat_ngram_size=3, min_new_tokens=5),
    dict(num_beams=3, max_new_tokens=10, eos_token_id=[8, 13, 21, 25], early_stopping="never", length_penalty=0.5),
    dict(num_beams=2, max_new_tokens=9, eos_token_id=[4, 8, 12, 16, 20, 24], length_penalty=-1.0, no_repeat_ngram_size=2),
    dict(num_beams=4, max_new_tokens=6, eos_token_id=[2], forced_eos_token_id=2, no_repeat_ngram_size=1),
    dict(num_beams=1, max_new_tokens=12, eos_token_id=[6, 7], no_repeat_ngram_size=2, min_new_tokens=8),
    dict(num_beams=1, max_new_tokens=5, eos_token_id=[2], forced_eos_token_id=2),
]
cases = []
for name, forced in [("bart/plain", None), ("bart/options", 0), ("models/gpt2", None), ("models/qwen3", None)]:
    kind = BartForConditionalGeneration if name.startswith("bart") else AutoModelForCausalLM
    model = kind.from_pretrained(here / name, attn_implementation="eager", dtype=torch.float32).eval()
    for setting in settings:
        extra = {} if forced is None else dict(forced_bos_token_id=forced)
        length = dict(max_new_tokens=setting["max_new_tokens"] + len(extra))
        if "min_new_tokens" in setting:
            length["min_new_tokens"] = setting["min_new_tokens"] + len(extra)
        ids = model.generate(torch.tensor([prompt]), do_sample=False, pad_token_id=1, **setting | extra | length)[0].tolist()
        cases.append(dict(model=name, prompt=prompt, **setting, forced_bos_token_id=forced, tokens=ids))
        print(cases[-1])
(here / "beams.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")

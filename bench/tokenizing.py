"""Python's side of the tokenising benchmark: MB/s of encode_batch_fast, the first round to warm up."""

import json
import sys
import time

import tokenizers

definition, path, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
tokenizer = tokenizers.Tokenizer.from_file(definition)
tokenizer.no_truncation()
tokenizer.no_padding()
with open(path, encoding="utf-8", newline="") as file:
    texts = file.read().split("\n\n")
megabytes = sum(len(text.encode()) for text in texts) / 1e6
speeds, tokens = [], 0
for round in range(rounds + 1):
    start = time.perf_counter()
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    if round > 0:
        speeds.append(megabytes / (time.perf_counter() - start))
    tokens = sum(map(len, ids))
print(json.dumps({"speeds": speeds, "tokens": tokens, "version": tokenizers.__version__}))

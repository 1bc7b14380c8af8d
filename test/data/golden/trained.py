"""Vocabularies that Python's `tokenizers` learns, for ours to equal.

    python trained.py <material>       tokenizers 0.23.3

The small one is kept whole, that of tinyshakespeare as hashes.
"""
import hashlib
import json
import sys
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

here = Path(__file__).parent
material = Path(sys.argv[1])

SMALL = [
    'the cat sat on the mat, the cats sat on the mats\n\n  the   thin thing  ', "don't won't I'll we've 123 1234 12345", 'ababab abab aab aaab aaaa aaaaaaa bbb',
    'Führer über größere Straßen über über', '你好 世界 你好 你好世界', 'emoji 😀😀 😀', '\u0085\ufeff x\u00a0y \u3000z', 'unassigned \u0378\u0378 and new \u088f \U00010940\U00010940', 'def f(x):\n\treturn x\n' * 3,
]


def trained(texts, **options):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False, **options))
    model = json.loads(tokenizer.to_str())['model']
    return sorted(model['vocab'], key=model['vocab'].get), [list(m) for m in model['merges']]


def digest(value):
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, separators=(',', ':')).encode()).hexdigest()


golden = {'texts': SMALL, 'small': [], 'tinyshakespeare': []}
for options in [{'vocab_size': 420, 'min_frequency': 0}, {'vocab_size': 1000, 'min_frequency': 2}, {'vocab_size': 300, 'min_frequency': 1}]:
    vocab, merges = trained(SMALL, special_tokens=['<s>', '<|endoftext|>'], **options)
    golden['small'].append({**options, 'vocab': vocab, 'merges': merges})
text = (material / 'datasets/tinyshakespeare/input.txt').read_text(encoding='utf-8')
for name, texts in {'whole': [text], 'lines': text.split('\n')}.items():
    vocab, merges = trained(texts, special_tokens=['<|endoftext|>'], vocab_size=2257, min_frequency=2)
    golden['tinyshakespeare'].append({'as': name, 'tokens': len(vocab), 'merges': len(merges), 'vocab_sha256': digest(vocab), 'merges_sha256': digest(merges)})
(here / 'trained.json').write_text(json.dumps(golden, ensure_ascii=False, separators=(',', ':')) + '\n', encoding='utf-8')

"""Ids of the originals for tokenizers that have no tokenizer.json: SentencePiece's own library, and Transformers' classes.

    python older.py <material>       sentencepiece 0.2.3, transformers 5.23

`material` is a folder with tokenizers and data sets of the field. What is computed from them is kept as short lists and hashes.
"""
import hashlib
import json
import os
import struct
import sys
from pathlib import Path

os.environ['HF_HUB_OFFLINE'] = '1'
import sentencepiece
from transformers import BertTokenizer

here = Path(__file__).parent
material = Path(sys.argv[1])

TEXTS = [
    '', ' ', '  ', 'a', 'Hello world', ' leading', 'trailing ', '  two  spaces\tand a tab\n\nlines\r\n', "It's 3.14159 — isn't it? (yes/no) 100%",
    'Führer über größere Straßen', '你好，世界！日心说是指太阳是太阳系的中心', 'Привет, как дела?', 'مرحبا بالعالم', 'こんにちは 世界',
    'नमस्ते दुनिया', 'emoji 😀👩‍👩‍👧 and ﬁ ligature ½ Ⅷ ①', 'a' * 60, 'def f(x):\n    return x ** 2  # comment\n\n\n        deep', '\u00a0\u200bé e\u0301 \u3000 full　width ＡＢＣ',
    ' ' * 200, '\t\t\n \n', '▁under▁score', '<0x41> <n> <|tab|> <|blank_4|>', '\U0001d517\U0001f999 \ufffd \u0378', '한국어 텍스트', 'ก็ไม่รู้',
]


def digest(rows):
    h = hashlib.sha256()
    for ids in rows:
        h.update(struct.pack(f'<i{len(ids)}i', len(ids), *ids))
    return h.hexdigest()


def corpora():
    texts = {}
    for language in ['en', 'zh', 'de', 'es']:
        squad = json.loads((material / f'datasets/xquad/xquad.{language}.json').read_text(encoding='utf-8'))
        texts[f'xquad.{language}'] = [p['context'] for d in squad['data'] for p in d['paragraphs']]
    alpaca = json.loads((material / 'datasets/llama-factory-demo/alpaca_zh_demo.json').read_text(encoding='utf-8'))
    texts['alpaca_zh'] = [row['output'] for row in alpaca]
    return {name: rows[::3] for name, rows in texts.items()}


def chatglm_text(text):
    """`_preprocess` of ChatGLM-6B's tokenization_chatglm.py."""
    text = text.replace('\n', '<n>').replace('\t', '<|tab|>')
    for i in range(80, 1, -1):
        text = text.replace(' ' * i, f'<|blank_{i}|>')
    return text


def originals():
    def piece(path, before=lambda text: text):
        processor = sentencepiece.SentencePieceProcessor(model_file=str(material / 'tokenizers' / path))
        return lambda text: processor.encode(before(text))

    def bert(**options):
        tokenizer = BertTokenizer(vocab=str(material / 'tokenizers/bert-base-uncased-mit/vocab.txt'), **options)
        return lambda text: tokenizer(text)['input_ids']

    return {
        'llama2-spm': piece('llama2-spm/tokenizer.model'),
        'mistral-7b-v0.3': piece('mistral-7b-v0.3/tokenizer.model.v3'),
        'chatglm-6b': piece('chatglm-6b/ice_text.model', chatglm_text),
        'bert': bert(),
        'bert cased': bert(do_lower_case=False),
        'bert accents': bert(strip_accents=False, tokenize_chinese_chars=False),
    }


golden = {'texts': TEXTS, 'tokenizers': {}}
for name, encode in originals().items():
    rows = {corpus: [encode(text) for text in texts] for corpus, texts in corpora().items()}
    golden['tokenizers'][name] = {
        'texts': [encode(text) for text in TEXTS],
        'corpora': {corpus: {'tokens': sum(map(len, ids)), 'sha256': digest(ids)} for corpus, ids in rows.items()},
    }
(here / 'older-tokens.json').write_text(json.dumps(golden, ensure_ascii=False, separators=(',', ':')) + '\n', encoding='utf-8')

"""Makes the golden files beside it with Hugging Face's own Python libraries.

    python make.py [material]       tokenizers 0.23.3, transformers 5.23

`material` is a folder with tokenizers, datasets and models of the field; its parts are left out without it.
What is computed from it is kept as hashes and short lists. The tiny tokenizer is trained here.
"""
import hashlib
import json
import os
import struct
import sys
from pathlib import Path

os.environ['HF_HUB_OFFLINE'] = '1'
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

here = Path(__file__).parent
material = Path(sys.argv[1]) if len(sys.argv) > 1 else None

SENTENCES = [
    '', ' ', 'Hello world', '  two  spaces\tand a tab\n\nlines\r\n', "It's 3.14159 — isn't it? (yes/no) 100%",
    'Führer über größere Straßen', '你好，世界！日心说是指太阳是太阳系的中心', 'Привет, как дела?', 'مرحبا بالعالم', 'こんにちは 世界',
    'नमस्ते दुनिया', 'emoji 😀👩‍👩‍👧 and ﬁ ligature', 'a' * 60, 'def f(x):\n    return x ** 2  # comment', '</s> <s> [INST] <|endoftext|> [MASK]', '\u00a0\u200bé e\u0301',
]


def digest(rows):
    """SHA-256 over every row's length and ids as little-endian int32."""
    h = hashlib.sha256()
    for ids in rows:
        h.update(struct.pack(f'<i{len(ids)}i', len(ids), *ids))
    return h.hexdigest()


def write(name, value):
    (here / name).write_text(json.dumps(value, ensure_ascii=False, separators=(',', ':')) + '\n', encoding='utf-8')


# A tokenizer small enough to keep: byte-level BPE with a beginning-of-text token.
def tiny_tokenizer():
    text = SENTENCES + [alpaca({'instruction': 'Name a colour.', 'input': i}) for i in ('', 'red')] + [m['content'] for chat in CHATS for m in chat]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokens = ['<pad>', '<s>', '</s>', '<|im_start|>', '<|im_end|>']
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=tokens, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(text, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single='<s> $A', pair='<s> $A <s> $B', special_tokens=[('<s>', 1)])
    folder = here / 'tiny-tokenizer'
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / 'tokenizer.json'), pretty=False)
    config = {'bos_token': {'content': '<s>', '__type': 'AddedToken'}, 'eos_token': '</s>', 'pad_token': '<pad>', 'chat_template': TEMPLATES['chatml'].replace('{% generation %}', '').replace('{% endgeneration %}', '')}
    (folder / 'tokenizer_config.json').write_text(json.dumps(config, indent=1) + '\n')
    return tokenizer


TEMPLATES = {
    # ChatML, its answers marked so that Transformers gives the mask of what the assistant says.
    'chatml': "{% for message in messages %}{% if message['role'] == 'assistant' %}{{ '<|im_start|>assistant\n' }}{% generation %}{{ message['content'] + '<|im_end|>\n' }}{% endgeneration %}{% else %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    # The shape of Llama 2's: a system block inside the first question, alternation enforced, tokens by name.
    'inst': "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.first and system %}{% set content = '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% else %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    # Blocks on lines of their own (whitespace control), a namespace, a test, filters.
    'lines': "{%- set ns = namespace(turn=0) -%}\n{% for m in messages if m.content is defined %}\n    {%- set ns.turn = ns.turn + 1 %}\n[{{ ns.turn }}|{{ m.role | upper }}] {{ m.content | trim }}{{ '\\n' if not loop.last else '' }}\n{%- endfor %}\n{% if add_generation_prompt %}\n[ASSISTANT]\n{% endif %}",
}
CHATS = [
    [{'role': 'user', 'content': 'Hi there'}, {'role': 'assistant', 'content': 'Hello! 😀 How are you?'}],
    [{'role': 'system', 'content': 'Be brief.'}, {'role': 'user', 'content': ' 你好 '}, {'role': 'assistant', 'content': '好'}, {'role': 'user', 'content': 'And\nnow?'}, {'role': 'assistant', 'content': 'Done.'}],
    [{'role': 'user', 'content': 'only a question'}],
]


def chats(tokenizer):
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token='<s>', eos_token='</s>', pad_token='<pad>')
    rows = []
    for name, template in TEMPLATES.items():
        for i, chat in enumerate(CHATS):
            for prompt in (False, True):
                text = fast.apply_chat_template(chat, chat_template=template, tokenize=False, add_generation_prompt=prompt)
                rows.append({'template': name, 'chat': i, 'prompt': prompt, 'text': text})
    masks = []
    for i, chat in enumerate(CHATS[:2]):
        out = fast.apply_chat_template(chat, chat_template=TEMPLATES['chatml'], tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
        masks.append({'chat': i, 'ids': out['input_ids'], 'mask': out['assistant_masks']})
    real = []
    if material:
        for name in ['mistral-7b-v0.3/tokenizer_config.json', 'qwen2/rtp_tokenizer_config.json']:
            config = json.loads((material / 'tokenizers' / name).read_text())
            fast.bos_token, fast.eos_token = [t if isinstance(t, str) else (t or {}).get('content') for t in (config.get('bos_token'), config.get('eos_token'))]
            for i, chat in enumerate(CHATS):
                for prompt in (False, True):
                    text = fast.apply_chat_template(chat, chat_template=config['chat_template'], tokenize=False, add_generation_prompt=prompt)
                    real.append({'config': name, 'chat': i, 'prompt': prompt, 'text': text})
    write('chats.json', {'templates': TEMPLATES, 'chats': CHATS, 'rendered': rows, 'masks': masks, 'real': real})


def corpora():
    texts = {}
    for language in ['en', 'zh', 'de', 'es']:
        squad = json.loads((material / f'datasets/xquad/xquad.{language}.json').read_text(encoding='utf-8'))
        texts[f'xquad.{language}'] = [p['context'] for d in squad['data'] for p in d['paragraphs']]
    alpaca = json.loads((material / 'datasets/llama-factory-demo/alpaca_zh_demo.json').read_text(encoding='utf-8'))
    texts['alpaca_zh'] = [row['output'] for row in alpaca]
    return {name: rows[::3] for name, rows in texts.items()}


def summary(encodings):
    return {'tokens': sum(len(e.ids) for e in encodings), 'sha256': digest([e.ids for e in encodings])}


def tokens():
    folders = [f'tokenizers/{n}' for n in ['gpt2', 'llama2-spm', 'tinyllama', 'mistral-7b-v0.3', 'bert-base-uncased-mit', 'bart-large-cnn']] + ['models/stories260k']
    texts = corpora()
    golden = {'sentences': SENTENCES, 'tokenizers': {}}
    for folder in folders:
        tokenizer = Tokenizer.from_file(str(material / folder / 'tokenizer.json'))
        tokenizer.no_truncation()
        golden['tokenizers'][folder] = {
            'sentences': [tokenizer.encode(s).ids for s in SENTENCES],
            'decoded': [tokenizer.decode(tokenizer.encode(s).ids, skip_special_tokens=False) for s in SENTENCES],
            'corpora': {name: summary(tokenizer.encode_batch(rows)) for name, rows in texts.items()},
        }
    write('tokens.json', golden)


def alpaca(row):
    """The prompt as in https://github.com/tatsu-lab/stanford_alpaca/blob/main/train.py, with a line end at its end."""
    if row.get('input', '') != '':
        return ('Below is an instruction that describes a task, paired with an input that provides further context. '
                'Write a response that appropriately completes the request.\n\n'
                '### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:\n').format_map(row)
    return ('Below is an instruction that describes a task. '
            'Write a response that appropriately completes the request.\n\n'
            '### Instruction:\n{instruction}\n\n### Response:\n').format_map(row)


def infer_seqlen(source_len, target_len, cutoff_len):
    """From LLaMA-Factory, src/llamafactory/data/processor/processor_utils.py."""
    if target_len * 2 < cutoff_len:
        max_target_len = cutoff_len
    elif source_len * 2 < cutoff_len:
        max_target_len = cutoff_len - source_len
    else:
        max_target_len = int(cutoff_len * (target_len / (source_len + target_len)))
    new_target_len = min(max_target_len, target_len)
    max_source_len = max(cutoff_len - new_target_len, 0)
    new_source_len = min(max_source_len, source_len)
    return new_source_len, new_target_len


def alpaca_rows(tokenizer, bos, eos, rows, max_length):
    out = []
    for row in rows:
        source = bos + tokenizer.encode(alpaca(row), add_special_tokens=False).ids
        target = tokenizer.encode(row['output'], add_special_tokens=False).ids + [eos]
        if len(source) + len(target) > max_length:
            s, t = infer_seqlen(len(source), len(target), max_length)
            head = (s + 1) // 2
            source = source[:head] + (source[len(source) - (s - head):] if s > head else [])
            target = target[:t]
        out.append((source + target, [-100] * len(source) + target))
    return out


def group_texts(examples, block_size):
    """From Transformers, examples/pytorch/language-modeling/run_clm.py."""
    concatenated = sum(examples, [])
    total_length = (len(concatenated) // block_size) * block_size
    return [concatenated[i:i + block_size] for i in range(0, total_length, block_size)]


def rows(tiny):
    own = [
        {'instruction': 'Name a colour.', 'input': '', 'output': 'Red'},
        {'instruction': 'Translate.', 'input': '你好', 'output': 'Hello 😀'},
        {'instruction': 'Count to ten. ' * 12, 'input': '', 'output': '1 2 3 4 5 6 7 8 9 10 ' * 6},
    ]
    result = {'own': own, 'tiny': {}, 'real': {}}
    for length in (64, 512):
        made = alpaca_rows(tiny, [1], 2, own, length)
        result['tiny'][str(length)] = {'tokens': [a for a, _ in made], 'labels': [b for _, b in made]}
    documents = [[1] + tiny.encode(s, add_special_tokens=False).ids + [2] for s in SENTENCES if s.strip()]
    result['blocks'] = {'documents': [s for s in SENTENCES if s.strip()], 'size': 32, 'rows': group_texts(documents, 32)}
    if material:
        for demo in ['alpaca_en_demo', 'alpaca_zh_demo']:
            source = [r for r in json.loads((material / f'datasets/llama-factory-demo/{demo}.json').read_text(encoding='utf-8')) if r['output'].strip()][:250]
            for name, bos, eos in [('gpt2', [], 50256), ('tinyllama', [1], 2)]:
                tokenizer = Tokenizer.from_file(str(material / f'tokenizers/{name}/tokenizer.json'))
                made = alpaca_rows(tokenizer, bos, eos, source, 256)
                result['real'][f'{demo} {name}'] = {'rows': len(made), 'tokens': digest([a for a, _ in made]), 'labels': digest([b for _, b in made])}
    write('rows.json', result)


tiny = tiny_tokenizer()
chats(tiny)
rows(tiny)
if material:
    tokens()

"""Answers of a SavedModel for the PNG files of a folder, as JSON: python reload.py MODEL FOLDER.

{"alone": {signature: probabilities [n][4]}, "together": the same}: a file at a time, and all at
once where there is more than one and they are given as files, for pages differ in size. Needs
TensorFlow alone; the export runs it in a process of its own, to see that the exported graph stands
without the code that made it.
"""

import json
import sys
from pathlib import Path

import tensorflow as tf

# Of a graph with gradients this takes a minute, and changes last bits alone; see serving/check.py.
tf.config.optimizer.set_experimental_options({"constant_folding": False})
model = tf.saved_model.load(sys.argv[1])
paths = sorted(Path(sys.argv[2]).iterdir(), key=lambda path: int(path.stem))
files = [path.read_bytes() for path in paths]
answers = {"together": {}, "alone": {}}
for name, signature in model.signatures.items():
    ((alias, spec),) = signature.structured_input_signature[1].items()
    if spec.dtype == tf.string:
        batches = {"alone": [tf.constant([data]) for data in files]}
        if len(files) > 1:
            batches["together"] = [tf.constant(files)]
    else:
        batches = {"alone": [tf.io.decode_png(data, channels=3)[None] for data in files]}
    for how, each in batches.items():
        found = [signature(**{alias: batch})["probabilities"] for batch in each]
        answers[how][name] = tf.concat(found, axis=0).numpy().astype(float).tolist()
print(json.dumps(answers))

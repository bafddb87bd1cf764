"""One function per architecture, and one dict of them.

Each takes `size` (height, width) and `weights` (None, "imagenet" or a file for its backbone) and
returns one flat functional `keras.Model`: RGB 0..255 (n, height, width, 3) in, float32 softmax
(n, 4) out.
"""

from ecg_tf.models.anywhere import anywhere
from ecg_tf.models.baselines import cnn, convnext_tiny, densenet121, mobilenet, resnet50
from ecg_tf.models.beats import beats
from ecg_tf.models.densenets import densenet121_attention, densenet121_bottleneck
from ecg_tf.models.joined import effnet_msa_traces
from ecg_tf.models.multiscale import effnet_msa
from ecg_tf.models.picture import read_first, with_beats
from ecg_tf.models.traces import traces

PUBLISHED = {
    "cnn": cnn,
    "mobilenet": mobilenet,
    "resnet50": resnet50,
    "densenet121": densenet121,
    "convnext_tiny": convnext_tiny,
    "densenet121_bottleneck": densenet121_bottleneck,
    "densenet121_attention": densenet121_attention,
    "effnet_msa": effnet_msa,
}
MODELS = {
    **PUBLISHED,
    **{f"{name}_read": read_first(make) for name, make in PUBLISHED.items()},
    **{f"{name}_read_beats": with_beats(make) for name, make in PUBLISHED.items()},
    "traces": traces,
    "beats": beats,
    "effnet_msa_traces": effnet_msa_traces,
    "anywhere": anywhere,
}


def build(name: str, size: tuple[int, int] = (224, 224), weights=None):
    """The model called `name`. Raises ValueError for a name that is not in MODELS."""
    if name not in MODELS:
        raise ValueError(f"There is no model {name!r}; the models are {', '.join(MODELS)}.")
    return MODELS[name](size=size, weights=weights)

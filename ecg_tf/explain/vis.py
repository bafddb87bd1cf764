"""tf-keras-vis 0.8.7 on these networks, and what has to be worked round.

- It multiplies pages by masks (Score-CAM), and 0 is black, which on a page is ink, not absence.
  So it is given a network that takes ink, 255 minus the page: masked ink fades to paper.
- Its `ReplaceToLinear` is handed a copy of the network, whose weights no longer follow those of
  the original, and `clone_model` keeps a mixed policy under which saliency is silently 0. So the
  class scores of `ecg_tf.explain.probe` are the outputs here, of the very same layers, and what
  `probe` refuses (less than float32, nested networks) is refused here, too.
- It enlarges maps without half-pixel centres and its normalisation adds 1e-7, so that maps of
  small gradients do not reach 1. So maps are taken as they are, and enlarged here.
- Score-CAM calls `model.predict`, with a progress bar and a new trace for every size, and at
  once holds several copies of a page for every map. So `predict` goes batch by batch, and of the
  maps only those of the largest deviation are taken ("Faster Score-CAM").
- SmoothGrad draws its noise from numpy's global generator and goes back through the network once
  for every noisy page. So pages get their noise here, and go through in batches.
- On import it warns of where scipy's `zoom` has gone.
"""

import warnings

import keras
import numpy as np
import tensorflow as tf

from ecg_tf.explain.integrated_gradients import BLANK, display
from ecg_tf.explain.probe import maps_layer, probe

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.scorecam import Scorecam

SAMPLES = 16  # noisy pages of SmoothGrad
NOISE = 0.05  # of the range of grey levels; much more lays a film of ink over the whole page
MASKS = (
    16  # of Score-CAM: it holds several copies of a page, 6 MB each at 448 x 1120, for every one
)
BATCH = 8


class Vis:
    """The methods of tf-keras-vis on one network: each a function of pages, float32 (1, h, w, 3),
    and the class to explain, to maps float32 (1, h, w), not negative. Built once, called often."""

    def __init__(self, model: keras.Model):
        self._size = model.input_shape[1:3]
        look = probe(model, maps_layer(model))
        ink = keras.Input(model.input_shape[1:], name="ink")
        scores, maps = _Looking(look, name="looking")(ink)
        self._maps = _Maps(maps)
        # In a list, for its saliency calls the network so, and Keras warns of what it is not told.
        self._network = keras.Model([ink], scores, name="scores")
        self._network.predict = self._predict

    def gradcam(self, pages, label: int):
        return self._cam(Gradcam, pages, label)

    def gradcam_plus_plus(self, pages, label: int):
        return self._cam(GradcamPlusPlus, pages, label)

    def score_cam(self, pages, label: int):
        channels = self._maps.output.shape[-1]
        return self._cam(Scorecam, pages, label, max_N=min(MASKS, channels), batch_size=BATCH)

    def saliency(self, pages, label: int):
        return _for_the_eye(self._slopes(BLANK - pages, label))

    def smoothgrad(self, pages, label: int):
        spread = NOISE * np.ptp(pages)
        noise = np.random.RandomState(0).normal(0.0, spread, (SAMPLES, *pages.shape[1:]))
        noisy = np.float32(BLANK - pages + noise)
        batches = [noisy[first : first + BATCH] for first in range(0, SAMPLES, BATCH)]
        slopes = np.concatenate([self._slopes(each, label) for each in batches])
        return _for_the_eye(slopes.mean(axis=0, keepdims=True))

    def _cam(self, method, pages, label: int, **options):
        cam = method(self._network)(
            _of_class(label),
            BLANK - pages,
            penultimate_layer=self._maps,
            seek_penultimate_conv_layer=False,
            expand_cam=False,
            normalize_cam=False,
            **options,
        )
        return tf.image.resize(np.asarray(cam)[..., None], self._size)[..., 0]

    def _slopes(self, ink, label: int):
        """How steep the score is at each pixel of ink (n, h, w, 3), in the same shape."""
        return Saliency(self._network)(_of_class(label), ink, keepdims=True, normalize_map=False)

    def _predict(self, inputs, batch_size: int):
        (ink,) = inputs
        batches = range(0, len(ink), batch_size)
        found = [self._network([ink[first : first + batch_size]]) for first in batches]
        return np.concatenate(found)


class _Looking(keras.layers.Layer):
    """Ink (n, h, w, 3) to what `look`, a function of `probe`, sees: scores (n, 4) and maps."""

    def __init__(self, look, **options):
        super().__init__(**options)
        self._look = look

    def call(self, ink):
        seen = self._look(BLANK - ink)
        return seen["scores"], seen["maps"]


class _Maps(keras.layers.Layer):
    """In no network: it only says which tensor tf-keras-vis shall take for a layer's maps."""

    def __init__(self, maps):
        super().__init__()
        self._maps = maps

    @property
    def output(self):
        return self._maps


def _for_the_eye(slopes):
    """Slopes (n, h, w, 3) as maps (n, h, w), blurred as those of integrated gradients are."""
    return display(tf.constant(np.max(slopes, axis=-1), tf.float32))


def _of_class(label: int):
    return lambda scores: scores[:, label]

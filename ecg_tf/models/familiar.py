"""How surely a page is of the printer that the network learnt from.

One weight for each cell of a coarse picture of the ink: printed letters, pulses and dividers lie
where they lie on all pages of one printer, and traces do not.
"""

import keras
from keras import ops

from ecg_tf.models.gate import GRID, shrink

FAMILIAR = "familiar"  # the layer


@keras.saving.register_keras_serializable("ecg_tf")
class Familiar(keras.layers.Layer):
    """Pages (n, h, w, 3) to 1 for the printer that is known and 0 for others, (n, 1).

    No gradient passes: an explanation is of the part that answered, not of who answered.
    """

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(GRID[0] * GRID[1], 1))
        self.bias = self.add_weight(name="bias", shape=(1,), initializer="zeros")

    def call(self, pages):
        ink = ops.reshape(shrink(pages), (-1, GRID[0] * GRID[1]))
        return ops.stop_gradient(ops.sigmoid(ops.matmul(ink, self.kernel) + self.bias))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 1)

"""Loads a SavedModel into a graph session and runs it by tensor names.

Why a graph session and not `tf.saved_model.load`: it is what the real server does, so shapes are
checked by the graph alone, errors carry the operations' own codes and texts, and a time limit
really stops the work; it also costs a third of the calls' overhead.
"""

import os
import threading

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, saved_model_pb2
from tensorflow.python.client import pywrap_tf_session

from serving.embedded.errors import BY_NUMBER, Code, ServingError

FOREVER = 0  # milliseconds: no limit on a run


def read_signatures(path: str, tags: set[str]) -> dict:
    """Name -> SignatureDef of the graph with exactly `tags`, as they stand in saved_model.pb."""
    model = saved_model_pb2.SavedModel()
    try:
        with open(os.path.join(path, "saved_model.pb"), "rb") as file:
            model.ParseFromString(file.read())
    except OSError as error:
        raise ServingError(
            Code.NOT_FOUND, f"Could not find SavedModel .pb at supplied export directory: {path}"
        ) from error
    except Exception as error:  # protobuf's DecodeError has no stable home
        raise ServingError(Code.DATA_LOSS, f"Can't parse {path}/saved_model.pb: {error}") from error
    for graph in model.meta_graphs:
        if set(graph.meta_info_def.tags) == tags:
            return dict(graph.signature_def)
    raise ServingError(
        Code.NOT_FOUND,
        "Could not find meta graph def matching supplied tags:"
        f" {{ {' '.join(sorted(tags))} }} in {path}",
    )


class LoadedModel:
    """One SavedModel in memory. `signatures`: name -> SignatureDef. `run` may be called from any
    thread; `close` only when no run is under way."""

    def __init__(self, path: str, tags: set[str], config: config_pb2.ConfigProto | None = None):
        self.path = path
        self.signatures = read_signatures(path, tags)
        self._graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=self._graph, config=config)
        try:
            with self._graph.as_default():
                tf.compat.v1.saved_model.load(self._session, sorted(tags), path)
            self._session._extend_graph()
        except tf.errors.OpError as error:
            self._session.close()
            raise _translated(error) from error
        except Exception as error:
            self._session.close()
            raise ServingError(Code.UNKNOWN, f"cannot load {path}: {error}") from error
        self._outputs: dict = {}
        self._options: dict = {}
        self._lock = threading.Lock()

    def run(
        self, feeds: dict[str, np.ndarray], fetches: list[str], timeout_ms: int = FOREVER
    ) -> list[np.ndarray]:
        """Values of the tensors named `fetches`; raises ServingError with the operation's code.

        The signature's declared shapes are not looked at. Work stops after `timeout_ms`.
        """
        try:
            named = {self._output(name): value for name, value in feeds.items()}
            wanted = [self._output(name) for name in fetches]
            values = pywrap_tf_session.TF_SessionRun_wrapper(
                self._session._session, self._run_options(timeout_ms), named, wanted, [], None
            )
        except tf.errors.OpError as error:
            raise _translated(error) from error
        except (KeyError, ValueError, TypeError) as error:
            raise ServingError(Code.INVALID_ARGUMENT, str(error)) from error
        return [np.asarray(value) for value in values]

    def close(self) -> None:
        """Frees the session, its variables and its graph."""
        self._session.close()
        for options in self._options.values():
            pywrap_tf_session.TF_DeleteBuffer(options)
        self._options, self._outputs = {}, {}
        self._session = self._graph = None

    def _output(self, name: str):
        handle = self._outputs.get(name)
        if handle is None:
            handle = self._outputs[name] = self._graph.get_tensor_by_name(name)._as_tf_output()
        return handle

    def _run_options(self, timeout_ms: int):
        """A serialized RunOptions; limits are rounded up so that few different ones exist."""
        if timeout_ms > 0:
            step = max(1, 1 << max(0, timeout_ms.bit_length() - 5))
            timeout_ms = -(-timeout_ms // step) * step
        with self._lock:
            if timeout_ms not in self._options:
                options = config_pb2.RunOptions(timeout_in_ms=max(0, timeout_ms))
                self._options[timeout_ms] = pywrap_tf_session.TF_NewBufferFromString(
                    options.SerializeToString()
                )
            return self._options[timeout_ms]


def _translated(error: tf.errors.OpError) -> ServingError:
    return ServingError(BY_NUMBER.get(error.error_code, Code.UNKNOWN), error.message)

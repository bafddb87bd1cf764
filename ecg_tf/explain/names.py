"""The methods of explanation by key. Needs neither TensorFlow nor Keras: the portal lists them."""

METHODS = {  # key of `ecg_tf.explain.methods.explain` -> title
    "gradcam": "Grad-CAM",
    "gradcam_plus_plus": "Grad-CAM++",
    "gradcam_traces": "Grad-CAM with traces",
    "score_cam": "Score-CAM",
    "saliency": "Saliency",
    "smoothgrad": "SmoothGrad",
    "integrated_gradients": "Integrated gradients",
    "lead_occlusion": "Lead occlusion",
}

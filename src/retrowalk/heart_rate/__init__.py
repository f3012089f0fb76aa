"""The heart-rate strap: Heart Rate Service over Bluetooth. Decodes; what to believe is the engine's business."""

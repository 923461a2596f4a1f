"""How good labels are: metrics, predictions on rows, annotated recordings, patients, reports."""

"""Which step types give a trained model, and which prepared rows; a new one of either kind is added here."""

MODELS_OF_NETWORKS = ["Names3RiskTraining", "PyTorchTraining"]
MODELS_OF_XGBOOST = ["XGBoostTraining"]
ANY_TRAINING = ["TrainingStep", "TuningStep"]
TRAINED_MODELS = [*MODELS_OF_NETWORKS, *MODELS_OF_XGBOOST, *ANY_TRAINING]
PREPARED_ROWS = ["TabularPreprocessing", "ProcessingStep", "DataLoad"]

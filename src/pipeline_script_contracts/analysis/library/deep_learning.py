"""More rows of the table of library calls: PyTorch, Lightning, Keras and transformers."""

from __future__ import annotations

TORCH = {
    "torch.load torch.jit.load torch.hub.load_state_dict_from_file": "read 0|f",
    "torch.save torch.jit.save": "write 1|f",
    "torch.jit.load().save torch.jit.script().save torch.jit.trace().save": "write 0|f",
    "torch.onnx.export torch.onnx.dynamo_export torch.onnx.utils.export": "write 2|f",
    "torch.onnx.export().save": "write 0|destination",
    "torch.export.save": "write 1|f",
    "torch.export.load": "read 0|f",
    "torch.from_file": "read 0|filename",
    """torch.distributed.checkpoint.save torch.distributed.checkpoint.save_state_dict
    """: "write checkpoint_id|storage_writer",
    """torch.distributed.checkpoint.load torch.distributed.checkpoint.load_state_dict
    """: "read checkpoint_id|storage_reader",
    "torch.distributed.checkpoint.FileSystemWriter": "write 0|path",
    "torch.distributed.checkpoint.FileSystemReader": "read 0|path",
    """torch.utils.tensorboard.SummaryWriter torch.utils.tensorboard.writer.SummaryWriter
    tensorboardX.SummaryWriter""": "write 0|log_dir|logdir",
    "torch.utils.tensorboard.SummaryWriter().export_scalars_to_json": "write 0|path",
    "torch.profiler.tensorboard_trace_handler": "write 0|dir_name",
    "torch.*.export_chrome_trace": "write 0|path",
    """torchvision.datasets.ImageFolder torchvision.datasets.DatasetFolder torchvision.datasets.FakeData
    """: "read+ 0|root",
    """torchvision.datasets.MNIST torchvision.datasets.FashionMNIST torchvision.datasets.CIFAR10
    torchvision.datasets.CIFAR100 torchvision.datasets.ImageNet torchvision.datasets.SVHN
    torchvision.datasets.VOCDetection torchvision.datasets.KMNIST
    torchvision.datasets.EMNIST torchvision.datasets.STL10""": "fetch 0|root",
    """torchvision.io.read_image torchvision.io.read_video torchvision.io.read_file
    torchvision.io.decode_image""": "read 0|path|filename|input",
    "torchvision.utils.save_image": "write 1|fp",
    "torchvision.io.write_jpeg torchvision.io.write_png torchvision.io.write_file": "write 1|filename",
    "torchaudio.load torchaudio.info": "read 0|uri|filepath",
    "torchaudio.save": "write 0|uri|filepath",
    """safetensors.torch.load_file safetensors.safe_open safetensors.numpy.load_file
    safetensors.torch.load_model""": "read 0|filename|file",
    "safetensors.torch.save_file safetensors.torch.save_model safetensors.numpy.save_file": "write 1|filename",
}
LIGHTNING = {
    "lightning.*.ModelCheckpoint": "write 0|dirpath",
    """lightning.*.TensorBoardLogger lightning.*.CSVLogger lightning.*.WandbLogger lightning.*.MLFlowLogger
    """: "write 0|save_dir",
    "lightning.*.Trainer lightning.Trainer": "write default_root_dir",
    "lightning.*.load_from_checkpoint *.load_from_checkpoint": "read 0|checkpoint_path",
    "lightning.*.save_checkpoint *.save_checkpoint": "write 0|filepath|path|save_dir",
    "lightning.*.fit": "read ckpt_path",
    "lightning.*.test lightning.*.validate lightning.*.predict": "read ckpt_path",
    "lightning.*.to_onnx *.to_onnx": "write 0|file_path",
    "lightning.*.to_torchscript": "write 0|file_path",
    "lightning.*.seed_everything": "-",
}
KERAS = {
    """keras.*.load_model tensorflow.*.load_model tensorflow.saved_model.load tensorflow.lite.Interpreter
    """: "read+ 0|filepath|export_dir|model_path|path",
    "keras.*.save_model tensorflow.*.save_model": "write 1|filepath",
    "keras.*.save keras.*.save_weights keras.*.export tensorflow.*.save_weights": "write 0|filepath|path",
    "tensorflow.saved_model.save": "write 1|export_dir",
    "tensorflow.*.SavedModelBuilder tensorflow.saved_model.Builder": "write 0|export_dir",
    "keras.*.load_weights tensorflow.*.load_weights": "read 0|filepath",
    "keras.*.ModelCheckpoint": "write 0|filepath",
    "keras.*.TensorBoard": "write 0|log_dir",
    "keras.*.CSVLogger": "write 0|filename",
    "keras.*.BackupAndRestore": "write 0|backup_dir",
    "keras.*.plot_model": "write 1|to_file",
    """keras.*.image_dataset_from_directory keras.*.text_dataset_from_directory
    keras.*.audio_dataset_from_directory""": "read+ 0|directory",
    "keras.*.flow_from_directory tensorflow.*.flow_from_directory": "read+ 0|directory",
    "keras.*.flow_from_dataframe": "read 1|directory",
    "keras.*.load_img": "read 0|path",
    "keras.*.get_file": "write cache_dir",
    """tensorflow.data.TFRecordDataset tensorflow.data.TextLineDataset tensorflow.data.FixedLengthRecordDataset
    tensorflow.io.read_file tensorflow.data.experimental.make_csv_dataset tensorflow.data.experimental.CsvDataset
    tensorflow.data.Dataset.load tensorflow.io.gfile.listdir""": "read 0|filenames|filename|file_pattern|path",
    "tensorflow.data.Dataset.list_files tensorflow.io.gfile.glob": "list 0|file_pattern|pattern",
    "tensorflow.io.TFRecordWriter tensorflow.python_io.TFRecordWriter": "write 0|path",
    "tensorflow.io.write_file": "write 0|filename",
    "tensorflow.io.gfile.GFile": "file 0|name 1|mode",
    "tensorflow.io.gfile.exists tensorflow.io.gfile.isdir": "probe 0|path",
    "tensorflow.io.gfile.makedirs tensorflow.io.gfile.mkdir": "create 0|path",
    "tensorflow.io.gfile.copy": "read 0|src, write 1|dst",
    "tensorflow.io.gfile.rmtree tensorflow.io.gfile.remove": "delete 0|path",
    "tensorflow.summary.create_file_writer tensorflow.summary.FileWriter": "write 0|logdir",
    "tensorflow.train.Saver().save": "prefix 1|save_path",
    "tensorflow.train.Saver().restore": "read 1|save_path",
    "tensorflow.train.Checkpoint().save tensorflow.train.Checkpoint().write": "prefix 0|file_prefix",
    "tensorflow.train.Checkpoint().restore tensorflow.train.Checkpoint().read": "read 0|save_path",
    "tensorflow.train.CheckpointManager": "update 1|directory",
    "tensorflow.train.latest_checkpoint": "read 0|checkpoint_dir",
    "tensorflow.estimator.RunConfig tensorflow.estimator.Estimator": "update model_dir",
    "tensorflow.*.export_saved_model tensorflow.*.export_savedmodel": "write 0|export_dir_base",
    "tensorflow.saved_model.simple_save": "write 1|export_dir",
    "tensorflow.estimator.TrainSpec tensorflow.estimator.EvalSpec": "-",
}
TRANSFORMERS = {
    """transformers.*.from_pretrained tokenizers.*.from_pretrained peft.*.from_pretrained
    sentence_transformers.*.from_pretrained diffusers.*.from_pretrained *.from_pretrained
    """: "model 0|pretrained_model_name_or_path",
    "peft.PeftModel.from_pretrained": "model 1|model_id",
    "*.save_pretrained": "write 0|save_directory",
    "sentence_transformers.*.save": "write 0|path",
    "transformers.*.save_vocabulary *.save_vocabulary": "write 0|save_directory",
    "transformers.*.to_json_file": "write 0|json_file_path",
    "transformers.*.from_json_file": "read 0|json_file",
    "transformers.*.train": "read 0|resume_from_checkpoint",
    "transformers.trainer_utils.get_last_checkpoint": "read 0|folder",
    "tokenizers.Tokenizer.from_file tokenizers.*.from_file": "read 0|path|vocab",
    "tokenizers.*.save": "write 0|path",
    "tokenizers.*.save_model": "write 0|directory",
    "tokenizers.*.train": "read 0|files",
    "sentencepiece.SentencePieceProcessor": "read model_file",
    "sentencepiece.*.load sentencepiece.*.Load": "read 0|filename|model_file",
    """sentencepiece.SentencePieceTrainer.train sentencepiece.SentencePieceTrainer.Train
    """: "read input, prefix model_prefix",
    """datasets.load_from_disk datasets.Dataset.load_from_disk datasets.DatasetDict.load_from_disk
    """: "read+ 0|dataset_path|dataset_dict_path",
    """datasets.Dataset.from_csv datasets.Dataset.from_json datasets.Dataset.from_parquet
    datasets.Dataset.from_text""": "read 0|path_or_paths",
    "*.save_to_disk": "write 0|dataset_path|dataset_dict_path",
    "git.Repo.clone_from git.*.Repo.clone_from": "write+ 1|to_path",
    "huggingface_hub.snapshot_download huggingface_hub.hf_hub_download": "write local_dir|cache_dir",
    "gensim.*.load gensim.*.load_word2vec_format": "read 0|fname",
    "gensim.*.save gensim.*.save_word2vec_format": "write 0|fname",
    "fasttext.load_model": "read 0|path",
    "fasttext.train_supervised fasttext.train_unsupervised": "read 0|input",
    "spacy.load": "model 0|name",
    "*.to_disk": "write 0|path",
    "*.save_pretrained_merged *.save_pretrained_gguf": "write 0|save_directory",
    "*.from_disk": "read 0|path",
    "onnx.load": "read 0|f",
    "onnx.save onnx.save_model": "write 1|f",
    "onnx.load_model": "read 0|f",
    "onnx.checker.check_model": "data 0|model",
    "onnxruntime.InferenceSession": "data 0|path_or_bytes",
    """onnxruntime.quantization.quantize_dynamic onnxruntime.quantization.quantize_static
    """: "read 0|model_input, write 1|model_output",
    "onnxmltools.utils.save_model": "write 1|filename",
    "mlflow.*.save_model": "write 1|path",
    "mlflow.*.load_model": "model 0|model_uri",
    "mlflow.log_artifact mlflow.log_artifacts": "read+ 0|local_path|local_dir",
    "autogluon.tabular.TabularPredictor autogluon.*.TabularPredictor": "write path",
    "autogluon.*.load": "read+ 0|path",
    "autogluon.tabular.TabularDataset": "data 0|data",
    "prophet.serialize.model_to_json": "-",
    "shap.summary_plot shap.plots.bar shap.plots.waterfall": "-",
}

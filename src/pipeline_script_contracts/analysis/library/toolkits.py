"""More rows of the table of library calls: toolkits for large models, speech, pictures and games."""

_OUTPUT = "write 0|output_dir, logs logging_dir"
_LEARNER = "write tensorboard_log"
_MODEL_OR_PATH = "object 0|model, object ref_model, object reward_model, object value_model"

LARGE_MODELS = {
    "transformers.*.TrainingArguments transformers.*.Seq2SeqTrainingArguments": _OUTPUT,
    """trl.*.SFTConfig trl.*.DPOConfig trl.*.GRPOConfig trl.*.RewardConfig trl.*.PPOConfig trl.*.KTOConfig
    trl.*.ORPOConfig trl.*.CPOConfig trl.*.RLOOConfig trl.*.OnlineDPOConfig trl.*.BCOConfig trl.*.GKDConfig
    trl.*.NashMDConfig trl.*.XPOConfig trl.*.PRMConfig""": _OUTPUT,
    """trl.*.SFTTrainer trl.*.DPOTrainer trl.*.GRPOTrainer trl.*.RewardTrainer trl.*.KTOTrainer trl.*.ORPOTrainer
    trl.*.CPOTrainer trl.*.OnlineDPOTrainer trl.*.BCOTrainer trl.*.GKDTrainer""": _MODEL_OR_PATH,
    "trl.*.train optimum.*.train sentence_transformers.*.train": "read 0|resume_from_checkpoint",
    """sentence_transformers.*.SentenceTransformerTrainingArguments
    sentence_transformers.*.CrossEncoderTrainingArguments
    sentence_transformers.*.SparseEncoderTrainingArguments setfit.*.TrainingArguments
    optimum.*.NeuronTrainingArguments optimum.*.GaudiTrainingArguments optimum.*.ORTTrainingArguments""": _OUTPUT,
    """sentence_transformers.*.SentenceTransformer sentence_transformers.*.CrossEncoder
    sentence_transformers.*.SparseEncoder""": "object 0|model_name_or_path|model_name",
    "sentence_transformers.models.Transformer": "model 0|model_name_or_path",
    "sentence_transformers.*.fit": "write output_path, write checkpoint_path",
    "sentence_transformers.*.evaluate": "write 1|output_path",
    "transformers.pipeline transformers.pipelines.pipeline": "object 1|model, object tokenizer, object image_processor",
    "transformers.PreTrainedTokenizerFast": "read tokenizer_file",
    """transformers.BertTokenizer transformers.BertTokenizerFast transformers.DistilBertTokenizer
    transformers.T5Tokenizer transformers.T5TokenizerFast transformers.XLMRobertaTokenizer
    transformers.AlbertTokenizer transformers.LlamaTokenizer transformers.CamembertTokenizer
    """: "read 0|vocab_file, read tokenizer_file",
    """transformers.GPT2Tokenizer transformers.GPT2TokenizerFast transformers.RobertaTokenizer
    transformers.RobertaTokenizerFast""": "read 0|vocab_file, read 1|merges_file, read tokenizer_file",
    "*.to_json_file": "write 0|json_file_path",
    "transformers.*.save_to_json": "write 0|json_path",
    "transformers.*.load_from_json": "read 0|json_path",
    "peft.*.load_adapter transformers.*.load_adapter": "model 0|model_id|peft_model_id",
    """peft.PeftModelForCausalLM.from_pretrained peft.PeftModelForSequenceClassification.from_pretrained
    """: "model 1|model_id",
    "unsloth.*.from_pretrained": "model 0|model_name|pretrained_model_name_or_path",
    """auto_gptq.*.from_quantized gptqmodel.*.from_quantized awq.*.from_quantized
    """: "model 0|model_name_or_path|quant_path",
    "gptqmodel.*.load": "model 0|model_id_or_path",
    "*.save_quantized": "write 0|save_dir",
    "diffusers.*.from_single_file": "model 0|pretrained_model_link_or_path",
    "*.load_lora_weights *.load_attn_procs *.load_textual_inversion": "model 0|pretrained_model_name_or_path_or_dict",
    "diffusers.*.save_lora_weights *.save_lora_weights *.save_attn_procs": "write 0|save_directory",
    "vllm.LLM": "model 0|model, model tokenizer",
    "llama_cpp.Llama": "read 0|model_path",
    "ctranslate2.Translator ctranslate2.Generator": "read+ 0|model_path",
    """FlagEmbedding.*.FlagModel FlagEmbedding.*.FlagReranker FlagEmbedding.*.BGEM3FlagModel
    """: "model 0|model_name_or_path",
    "open_clip.create_model open_clip.create_model_and_transforms": "model 1|pretrained",
    "timm.create_model": "read checkpoint_path",
    "evaluate.load": "model 0|path",
    "torch_xla.*.save": "write 1|file_or_path|path",
    "torch_xla.utils.serialization.load": "read 0|path",
    "torch.package.PackageExporter": "write 0|f",
    "torch.package.PackageImporter": "read 0|file_or_buffer",
    "jax.numpy.save jax.numpy.savez": "write 0|file",
    "jax.numpy.load": "read 0|file",
    "mindspore.save_checkpoint": "write 1|ckpt_file_name",
    "mindspore.load_checkpoint": "read 0|ckpt_file_name",
    "sklearn2pmml.sklearn2pmml": "write 1|pmml|pmml_path",
    "h2o.download_model": "write 1|path",
    "tensorflow.lite.TFLiteConverter.from_saved_model": "read+ 0|saved_model_dir",
    "accelerate.*.save_state": "write 0|output_dir",
    "accelerate.*.save_model": "write 1|save_directory",
    "accelerate.*.save": "write 1|f",
    "deepspeed.initialize": "data config|config_params",
    "deepspeed.*.save_checkpoint deepspeed.*.save_16bit_model deepspeed.*.save_fp16_model": "write 0|save_dir",
    "deepspeed.*.load_checkpoint": "read+ 0|load_dir",
    "deepspeed.*.convert_zero_checkpoint_to_fp32_state_dict": "read+ 0|checkpoint_dir, write 1|output_file|output_dir",
    "deepspeed.*.get_fp32_state_dict_from_zero_checkpoint": "read+ 0|checkpoint_dir",
    "deepspeed.*.load_state_dict_from_zero_checkpoint": "read+ 1|checkpoint_dir",
}
SPEECH = {
    """spacy.cli.train.train spacy.cli.train
    """: "read 0|config_path, write 1|output_path, read+ 2|train_path, read+ 3|dev_path",
    "spacy.cli.convert.convert spacy.cli.convert": "read 0|input_path|input_file, write 1|output_dir",
    "whisper.load_model": "model 0|name, write 2|download_root",
    "faster_whisper.*.WhisperModel": "model 0|model_size_or_path, write download_root",
    "speechbrain.*.from_hparams": "model 0|source, write savedir",
    "nemo.*.restore_from": "read 0|restore_path",
    "nemo.*.save_to": "write 0|save_path",
    "flair.*.ColumnCorpus flair.*.CSVClassificationCorpus": "read+ 0|data_folder",
    "flair.*.train flair.*.fine_tune": "write 0|base_path",
}
PICTURES_AND_OTHERS = {
    """torchvision.datasets.Food101 torchvision.datasets.Flowers102 torchvision.datasets.OxfordIIITPet
    torchvision.datasets.StanfordCars torchvision.datasets.FGVCAircraft torchvision.datasets.GTSRB
    torchvision.datasets.DTD torchvision.datasets.EuroSAT torchvision.datasets.Caltech101
    torchvision.datasets.Caltech256 torchvision.datasets.CelebA torchvision.datasets.Places365
    torchvision.datasets.SUN397 torchvision.datasets.QMNIST torchvision.datasets.USPS torchvision.datasets.LSUN
    torchvision.datasets.Cityscapes torchvision.datasets.INaturalist torchvision.datasets.Country211
    torchvision.datasets.PCAM torchvision.datasets.UCF101 torchvision.datasets.Kinetics
    torchvision.datasets.HMDB51 torchvision.datasets.VOCSegmentation torchvision.datasets.WIDERFace
    """: "fetch 0|root",
    "torchvision.datasets.CocoDetection torchvision.datasets.CocoCaptions": "fetch 0|root, read 1|annFile",
    "mxnet.image.imread": "read 0|filename",
    "paddle.save": "write 1|path",
    "paddle.load paddle.jit.load": "read 0|path",
    "paddle.jit.save paddle.static.save_inference_model": "prefix 1|path|path_prefix",
    "mmdet.*.init_detector mmpose.*.init_model mmseg.*.init_model": "object 0|config, object 1|checkpoint",
    "detectron2.*.DetectionCheckpointer fvcore.*.Checkpointer": "write 1|save_dir",
    "detectron2.*.load detectron2.*.resume_or_load": "object 0|path",
    "ultralytics.*.val": "read data, write project",
    "ultralytics.*.predict": "data 0|source, write project",
    "fastai.*.export": "write 0|fname",
    "fastai.*.load": "read 0|file",
    "darts.*.load": "read 0|path",
    "autogluon.*.TimeSeriesPredictor autogluon.*.MultiModalPredictor": "write path",
    "autogluon.*.from_path": "read 0|path",
    "flax.*.save_checkpoint": "write 0|ckpt_dir",
    "flax.*.restore_checkpoint": "read+ 0|ckpt_dir",
    "orbax.*.restore": "read+ 0|directory|path",
}
GAMES = {
    """stable_baselines3.*.PPO stable_baselines3.*.A2C stable_baselines3.*.DQN stable_baselines3.*.SAC
    stable_baselines3.*.TD3 stable_baselines3.*.DDPG sb3_contrib.*.RecurrentPPO sb3_contrib.*.MaskablePPO
    sb3_contrib.*.TRPO sb3_contrib.*.QRDQN sb3_contrib.*.TQC""": _LEARNER,
    "stable_baselines3.*.load sb3_contrib.*.load": "read 0|path",
    "stable_baselines3.*.load_replay_buffer": "read 0|path",
    "stable_baselines3.*.save_replay_buffer": "write 0|path",
    "stable_baselines3.*.CheckpointCallback": "write 1|save_path",
    "stable_baselines3.*.EvalCallback sb3_contrib.*.MaskableEvalCallback": "write best_model_save_path, write log_path",
    "stable_baselines3.*.Monitor": "write 1|filename",
    "stable_baselines3.*.make_vec_env": "write monitor_dir",
    "gym.*.Monitor": "write 1|directory",
    "gym.*.RecordVideo gymnasium.*.RecordVideo": "write 1|video_folder",
    "ray.tune.run": "write local_dir|storage_path",
    "ray.*.RunConfig": "write local_dir|storage_path",
    "ray.*.restore": "read+ 0|checkpoint_path|path",
    "ray.*.export_policy_model ray.*.export_model": "write 0|export_dir",
}

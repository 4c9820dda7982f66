"""Which library calls touch files: the one table to extend when a reader or writer is missing.

A line names calls and says what they do to which argument:

    "pandas.read_csv pandas.read_table": "read 0|filepath_or_buffer"

- The kinds are `read`, `write`, `update` (both), `list`, `probe`, `create` (a folder), `delete`; with `+` behind it the
  kind goes for everything below the path too.
- An argument is given by its position, its names, or both, separated by `|`. Several effects are separated by `,`.
- `fetch` is a `read`, and a write where the call is also told to `download`.
- `prefix` is a `write` of files whose names begin so.
- `logs` is a `write` where `report_to` asks for TensorBoard, or does not say.
- `data` is a `read` where the argument is text or a path; anything else is the data itself.
- `model` is a `read` of everything below a path, and nothing where the argument is a published model's name;
  `object` may be the model itself too.
- `-` says that the call touches no file, whatever it is given.
- `package.*.name` is `name` anywhere in the package, on its objects too; `*.name` is a method of any object.
- `()` in a name stands for the result of a call.
- The module aliases of `imports.py` (`pytorch_lightning`, `tensorflow.keras`, ...) are resolved before the look-up.
"""

from __future__ import annotations

from . import deep_learning, toolkits

PANDAS = {
    """pandas.read_csv pandas.read_table pandas.read_fwf pandas.read_parquet pandas.read_feather pandas.read_orc
    pandas.read_json pandas.read_pickle pandas.read_excel pandas.read_hdf pandas.read_sas pandas.read_stata
    pandas.read_spss pandas.read_xml pandas.read_html pandas.ExcelFile
    """: "read 0|filepath_or_buffer|path|path_or_buf|path_or_buffer|io",
    "pandas.HDFStore": "file 0|path 1|mode r+",
    "pandas.ExcelWriter": "write 0|path",
    """*.to_csv *.to_parquet *.to_feather *.to_orc *.to_pickle *.to_excel *.to_hdf *.to_stata *.to_latex *.to_html
    *.to_markdown *.to_xml""": "write 0|path_or_buf|path|excel_writer|buf|fname|path_or_buffer|output",
    "pandas.*.to_json": "write 0|path_or_buf",
}
POLARS = {
    """polars.read_csv polars.scan_csv polars.read_parquet polars.scan_parquet polars.read_ipc polars.scan_ipc
    polars.read_json polars.read_ndjson polars.scan_ndjson polars.read_avro polars.read_excel polars.read_delta
    polars.scan_delta polars.read_ipc_stream polars.read_csv_batched polars.read_parquet_schema
    polars.read_parquet_metadata polars.read_ods polars.scan_iceberg""": "read 0|source",
    "polars.scan_pyarrow_dataset": "-",
    """*.write_csv *.write_parquet *.write_ipc *.write_ipc_stream *.write_json *.write_ndjson *.write_avro
    *.write_excel *.write_delta *.sink_csv *.sink_parquet *.sink_ipc *.sink_ndjson
    """: "write 0|file|path|target|workbook",
}
ARROW = {
    """pyarrow.parquet.read_table pyarrow.parquet.ParquetFile pyarrow.parquet.ParquetDataset
    pyarrow.parquet.read_schema pyarrow.parquet.read_metadata pyarrow.parquet.read_pandas pyarrow.csv.read_csv
    pyarrow.csv.open_csv pyarrow.json.read_json pyarrow.feather.read_table pyarrow.feather.read_feather
    pyarrow.orc.read_table pyarrow.orc.ORCFile pyarrow.dataset.dataset pyarrow.memory_map pyarrow.OSFile
    pyarrow.dataset.parquet_dataset pyarrow.ipc.open_file pyarrow.ipc.open_stream pyarrow.input_stream
    """: "read 0|source|path_or_paths|where|path|input_file|sources",
    """pyarrow.parquet.write_table pyarrow.parquet.write_metadata pyarrow.csv.write_csv pyarrow.orc.write_table
    pyarrow.feather.write_feather""": "write 1|where|dest|output_file",
    """pyarrow.parquet.ParquetWriter pyarrow.csv.CSVWriter pyarrow.output_stream pyarrow.ipc.new_file
    pyarrow.ipc.new_stream pyarrow.orc.ORCWriter""": "write 0|where|sink",
    "pyarrow.parquet.write_to_dataset pyarrow.dataset.write_dataset": "write 1|root_path|base_dir",
}
NUMPY = {
    "numpy.load numpy.loadtxt numpy.genfromtxt numpy.fromfile numpy.fromregex": "read 0|file|fname",
    "numpy.memmap": "file 0|filename 2|mode r+",
    "numpy.save numpy.savez numpy.savez_compressed numpy.savetxt": "write 0|file|fname",
    "numpy.*.tofile *.tofile": "write 0|fid",
    """scipy.io.loadmat scipy.sparse.load_npz scipy.io.wavfile.read scipy.io.mmread scipy.io.arff.loadarff
    """: "read 0|file_name|file|filename|source|f",
    """scipy.io.savemat scipy.sparse.save_npz scipy.io.wavfile.write scipy.io.mmwrite
    """: "write 0|file_name|file|filename|target",
}
SERIALISATION = {
    "joblib.load": "read 0|filename",
    "joblib.dump": "write 1|filename",
    "joblib.Memory": "update 0|location",
    "sklearn.datasets.load_svmlight_file sklearn.datasets.load_files": "read 0|f|container_path",
    "sklearn.datasets.dump_svmlight_file": "write 2|f",
    "skops.io.load": "read 0|file",
    "skops.io.dump": "write 1|file",
    "shelve.open dbm.open": "update 0|filename|file",
    "sqlite3.connect duckdb.connect": "update 0|database",
    "toml.load tomllib.load": "read 0|f",
    "configparser.ConfigParser().read configparser.RawConfigParser().read": "read 0|filenames",
    "h5py.File": "file 0|name 1|mode",
    "zarr.open zarr.open_group zarr.open_array": "file 0|store 1|mode r+",
    "zarr.load": "read 0|store",
    "zarr.save": "write 0|store",
    "xarray.open_dataset xarray.open_zarr xarray.open_mfdataset": "read 0|filename_or_obj|paths|store",
    "*.to_netcdf *.to_zarr": "write 0|path|store",
    "fastavro.schema.load_schema": "read 0|schema_path",
    "omegaconf.OmegaConf.load": "read 0|file_",
    "omegaconf.OmegaConf.save": "write 1|f",
    "omegaconf.OmegaConf.to_yaml omegaconf.OmegaConf.is_missing omegaconf.OmegaConf.set_struct": "-",
    "dotenv.load_dotenv dotenv.dotenv_values": "read 0|dotenv_path",
    "jsonlines.open": "file 0|file 1|mode",
    "linecache.getline": "read 0|filename",
    "fileinput.input": "read 0|files",
    "runpy.run_path": "read 0|path_name",
    "mmap.mmap": "-",
    "csv.reader csv.writer csv.DictReader csv.DictWriter": "-",
    "netrc.netrc": "read 0|file",
    "xml.etree.ElementTree.parse lxml.etree.parse xml.dom.minidom.parse": "read 0|source|file",
    "xml.etree.ElementTree.parse().write xml.etree.ElementTree.ElementTree().write": "write 0|file_or_filename",
}
BOOSTING = {
    "xgboost.DMatrix xgboost.QuantileDMatrix xgboost.dask.DaskDMatrix": "data 0|data",
    """sagemaker_xgboost_container.data_utils.get_dmatrix sagemaker_xgboost_container.data_utils.get_csv_dmatrix
    sagemaker_xgboost_container.data_utils.get_libsvm_dmatrix sagemaker_xgboost_container.data_utils.get_parquet_dmatrix
    """: "read+ 0|data_path|files_path|path",
    "sagemaker_xgboost_container.data_utils.validate_data_file_path": "read+ 0|data_path",
    "xgboost.Booster": "read model_file",
    "xgboost.*.load_model lightgbm.*.load_model catboost.*.load_model": "read 0|fname|model_file",
    "xgboost.*.save_model lightgbm.*.save_model catboost.*.save_model": "write 0|fname|filename",
    "xgboost.*.save_binary lightgbm.*.save_binary": "write 0|fname|filename",
    "xgboost.*.dump_model": "write 0|fout",
    "xgboost.*.save_config xgboost.*.load_config": "-",
    "xgboost.train xgboost.cv": "data xgb_model",
    "xgboost.*.fit lightgbm.*.fit catboost.*.fit": "data init_model|xgb_model",
    "xgboost.*.TrainingCheckPoint": "write 0|directory",
    "lightgbm.Dataset": "data 0|data",
    "lightgbm.Booster": "read model_file",
    "lightgbm.train": "data init_model",
    "catboost.Pool": "data 0|data, data column_description",
    """catboost.CatBoostClassifier catboost.CatBoostRegressor catboost.CatBoost catboost.CatBoostRanker
    """: "write train_dir",
    "*.save_model": "write 0|fname|path|output_dir|filepath|filename",
    "*.load_model": "read 0|fname|path|filepath|filename",
}
PICTURES = {
    "PIL.Image.open": "read 0|fp",
    "PIL.*.save": "write 0|fp",
    "PIL.ImageFont.truetype": "-",
    "cv2.imread cv2.VideoCapture cv2.imreadmulti cv2.dnn.readNet": "read 0|filename",
    "cv2.imwrite cv2.VideoWriter": "write 0|filename",
    "cv2.CascadeClassifier": "-",
    """imageio.imread imageio.v2.imread imageio.v3.imread skimage.io.imread matplotlib.pyplot.imread
    matplotlib.image.imread""": "read 0|uri|fname",
    """imageio.imwrite imageio.v2.imwrite imageio.v3.imwrite skimage.io.imsave matplotlib.pyplot.imsave
    imageio.mimsave""": "write 0|uri|fname",
    "matplotlib.*.savefig *.savefig": "write 0|fname",
    "matplotlib.backends.backend_pdf.PdfPages": "write 0|filename",
    "matplotlib.style.use": "-",
    "plotly.*.write_html plotly.*.write_image plotly.*.write_json *.write_html *.write_image": "write 0|file",
    "plotly.io.write_html plotly.io.write_image": "write 1|file",
    "plotly.offline.plot": "write filename",
    "bokeh.plotting.save": "write 1|filename",
    "bokeh.plotting.output_file": "write 0|filename",
    "altair.*.save": "write 0|fp",
    "wordcloud.*.to_file": "write 0|filename",
    "graphviz.*.render": "write 0|filename",
    "librosa.load soundfile.read soundfile.info": "read 0|path|file",
    "soundfile.write": "write 0|file",
    "soundfile.SoundFile wave.open": "file 0|file|f 1|mode",
    "pydicom.dcmread nibabel.load geopandas.read_file": "read 0|fp|filename",
    "rasterio.open fiona.open": "file 0|fp 1|mode",
    """mdtraj.load mdtraj.load_dcd mdtraj.load_xtc mdtraj.load_pdb
    mdtraj.iterload""": "read 0|filename|filename_or_filenames, read top",
    "MDAnalysis.Universe": "read 0|topology, read 1",
    "*.save_pdb *.save_dcd *.save_xtc": "write 0|filename",
    "Bio.SeqIO.parse Bio.SeqIO.read Bio.AlignIO.read": "data 0|handle",
    "*.to_file": "write 0|filename",
}
SPARK = {
    """pyspark.read.csv pyspark.read.parquet pyspark.read.json pyspark.read.orc pyspark.read.text pyspark.read.load
    pyspark.read.table pyspark.*.textFile pyspark.*.wholeTextFiles""": "read 0|path|paths|name",
    """pyspark.write.csv pyspark.write.parquet pyspark.write.json pyspark.write.orc pyspark.write.text
    pyspark.write.save pyspark.*.saveAsTextFile""": "write 0|path",
    "pyspark.*.addFile": "read 0|path",
    "pyspark.*.option pyspark.*.config pyspark.*.options": "-",
}
STANDARD = {
    "os.listdir os.scandir": "list 0|path",
    "os.makedirs os.mkdir": "create 0|name|path",
    "os.remove os.unlink os.rmdir os.removedirs": "delete 0|path|name",
    "os.rename os.replace os.renames": "delete 0|src|old, write 1|dst|new",
    "os.link os.symlink": "delegate 0|src, create 1|dst, delegate 1|dst",
    "os.truncate": "write 0|path",
    """os.path.exists os.path.isfile os.path.isdir os.path.islink os.path.getsize os.path.getmtime
    os.path.lexists os.stat os.lstat os.access os.path.getctime""": "probe 0|path|filename",
    "os.chmod os.chown os.utime": "-",
    "os.mkfifo": "write 0|path",
    "shutil.copy shutil.copy2 shutil.copyfile shutil.copymode": "read 0|src, write 1|dst",
    "shutil.copytree distutils.dir_util.copy_tree": "read+ 0|src, write+ 1|dst",
    "distutils.file_util.copy_file": "read 0|src, write 1|dst",
    "shutil.move": "read+ 0|src, write 1|dst, delete 0|src",
    "shutil.rmtree": "delete 0|path",
    "shutil.unpack_archive": "read 0|filename, write 1|extract_dir",
    "shutil.make_archive": "prefix 0|base_name, read+ 2|root_dir",
    "shutil.disk_usage shutil.which shutil.chown": "-",
    "gzip.open bz2.open lzma.open": "file 0|filename 1|mode",
    "gzip.GzipFile bz2.BZ2File lzma.LZMAFile": "file 0|filename 1|mode",
    "tarfile.open": "file 0|name 1|mode",
    "tarfile.TarFile": "file 0|name 1|mode",
    "tarfile.is_tarfile zipfile.is_zipfile": "probe 0|name|filename",
    "tarfile.*.extractall": "write+ 0|path",
    "tarfile.*.extract": "write 1|path",
    "tarfile.*.add": "read+ 0|name",
    "tarfile.*.addfile tarfile.*.extractfile tarfile.*.getmember tarfile.*.getnames tarfile.*.getmembers": "-",
    "zipfile.ZipFile": "file 0|file 1|mode",
    "zipfile.*.extractall": "write+ 0|path",
    "zipfile.*.extract": "write 1|path",
    "zipfile.*.write": "read 0|filename",
    "zipfile.*.writestr zipfile.*.open zipfile.*.read zipfile.*.namelist": "-",
    "*.extractall": "write+ 0|path",
    """logging.FileHandler logging.handlers.RotatingFileHandler logging.handlers.TimedRotatingFileHandler
    logging.handlers.WatchedFileHandler""": "write 0|filename",
    "logging.basicConfig": "write filename",
    "logging.config.fileConfig": "read 0|fname",
    "loguru.logger.add": "write 0|sink",
    "urllib.request.urlretrieve wget.download": "write 1|filename|out",
    "hashlib.file_digest": "-",
    "filecmp.cmp": "read 0|f1, read 1|f2",
    "faulthandler.enable": "-",
    "cProfile.Profile().dump_stats": "write 0|file",
    "ctypes.CDLL ctypes.cdll.LoadLibrary": "read 0|name",
    "sys.path.append sys.path.insert sys.path.extend": "-",
}
CLOUD = {
    "boto3.*.download_file": "write 2|Filename",
    "boto3.*.Bucket().download_file": "write 1|Filename",
    "boto3.*.Object().download_file": "write 0|Filename",
    "boto3.*.upload_file": "read 0|Filename",
    "boto3.*.put_object boto3.*.get_object boto3.*.download_fileobj boto3.*.upload_fileobj": "-",
    "sagemaker.s3.S3Uploader.upload": "read+ 0|local_path",
    "sagemaker.s3.S3Downloader.download": "write 1|local_path",
    """ray.data.read_csv ray.data.read_parquet ray.data.read_json ray.data.read_text ray.data.read_images
    ray.data.read_numpy ray.data.read_tfrecords ray.data.read_binary_files
    """: "read+ 0|paths",
    "ray.*.write_csv ray.*.write_parquet ray.*.write_json ray.*.write_numpy ray.*.write_images": "write 0|path",
    "s3fs.*.get": "write 1|lpath",
    "s3fs.*.put": "read 0|lpath",
    "google.cloud.*.download_to_filename": "write 0|filename",
    "google.cloud.*.upload_from_filename": "read 0|filename",
    "smdebug.*.Hook smdebug.*.SaveConfig": "-",
}
OTHER_FRAMEWORKS = {
    """mxnet.gluon.data.vision.MNIST mxnet.gluon.data.vision.FashionMNIST mxnet.gluon.data.vision.CIFAR10
    mxnet.gluon.data.vision.CIFAR100 mxnet.gluon.data.vision.ImageFolderDataset
    mxnet.gluon.data.vision.datasets.MNIST mxnet.gluon.data.vision.datasets.ImageFolderDataset""": "read+ 0|root",
    "mxnet.gluon.data.vision.ImageRecordDataset mxnet.gluon.data.RecordFileDataset": "read 0|filename",
    "mxnet.nd.load mxnet.ndarray.load mxnet.sym.load mxnet.symbol.load": "read 0|fname",
    "mxnet.nd.save mxnet.ndarray.save": "write 0|fname",
    "mxnet.recordio.MXRecordIO": "file 0|uri 1|flag",
    "mxnet.recordio.MXIndexedRecordIO": "file 0|idx_path 2|flag, file 1|uri 2|flag",
    """mxnet.io.ImageRecordIter mxnet.io.CSVIter mxnet.io.MNISTIter mxnet.io.LibSVMIter mxnet.image.ImageIter
    """: "read path_imgrec|path_imgidx|data_csv|image|data_libsvm, read label_csv|label|path_imglist",
    "mxnet.gluon.SymbolBlock.imports mxnet.gluon.nn.SymbolBlock.imports": "read 0|symbol_file, read 2|param_file",
    "mxnet.model.load_checkpoint mxnet.mod.Module.load": "read 0|prefix",
    "mxnet.model.save_checkpoint mxnet.callback.do_checkpoint": "prefix 0|prefix",
    "mxnet.*.save_checkpoint": "prefix 0|prefix",
    "mxnet.*.export": "prefix 0|path",
    """mxnet.*.save_parameters mxnet.*.save_params mxnet.*.save_states mxnet.*.save_optimizer_states *.save_parameters
    """: "write 0|filename|fname",
    """mxnet.*.load_parameters mxnet.*.load_params mxnet.*.load_states *.load_parameters
    """: "read 0|filename|fname",
    "chainer.serializers.load_npz chainer.serializers.load_hdf5": "read 0|file|filename",
    "chainer.serializers.save_npz chainer.serializers.save_hdf5": "write 0|file|filename",
    "chainer.training.Trainer": "write out",
}
GRAPHS = {
    """networkx.read_edgelist networkx.read_weighted_edgelist networkx.read_adjlist networkx.read_gml networkx.read_gexf
    networkx.read_graphml networkx.read_pajek networkx.read_multiline_adjlist""": "read 0|path",
    """networkx.write_edgelist networkx.write_weighted_edgelist networkx.write_adjlist networkx.write_gml
    networkx.write_gexf networkx.write_graphml networkx.write_pajek""": "write 1|path",
}
METHODS = {
    "*.to_json": "write 0|path_or_buf",
    "*.save": "write 0|path|filepath|fp|f|filename|fname|save_path|output_dir",
    "*.save_weights": "write 0|filepath",
    "*.load_weights": "read 0|filepath",
    "*.write_to_file": "write 0|path",
    "*.export_model": "write 0|path",
}
SCIENCE = {
    "tensorflow.data.experimental.load": "read+ 0|path",
    "tensorflow.data.experimental.save": "write+ 1|path",
    "tensorflow_hub.load tensorflow_hub.KerasLayer": "model 0|handle",
    "torchtext.vocab.Vectors": "model 0|name, write cache",
    "torchtext.*.TabularDataset": "read 0|path",
    "torchtext.*.splits": "read+ path|root",
    "sklearn.datasets.load_svmlight_files": "read 0|files",
    "sklearn.tree.export_graphviz": "write 1|out_file",
    "statsmodels.*.load statsmodels.*.load_pickle": "read 0|fname",
    "surprise.*.load_from_file": "read 0|file_path",
    "surprise.dump.load": "read 0|file_name",
    "surprise.dump.dump": "write 0|file_name",
    "fastai.*.load_learner": "read 0|fname|path",
    "fastai.*.from_folder": "read+ 0|path",
    "geopandas.read_parquet geopandas.read_feather": "read 0|path",
    "feather.read_dataframe fastparquet.ParquetFile": "read 0|source|fn",
    "feather.write_dataframe": "write 1|dest",
    "fastparquet.write": "write 0|filename",
    "nibabel.save": "write 1|filename",
    "SimpleITK.ReadImage": "read 0|fileName",
    "SimpleITK.WriteImage": "write 1|fileName",
    "tifffile.imread": "read 0|files",
    "tifffile.imwrite tifffile.imsave": "write 0|file",
    "pycocotools.coco.COCO": "data 0|annotation_file",
    "detectron2.*.register_coco_instances": "read 2|json_file, read+ 3|image_root",
    "detectron2.*.merge_from_file yacs.*.merge_from_file": "read 0|cfg_filename",
    "gluonts.dataset.common.FileDataset": "read+ 0|path",
    "gluonts.dataset.common.load_datasets": "read+ 0|metadata, read+ 1|train, read+ 2|test",
    "gluonts.*.deserialize": "read+ 0|path",
    "gluonts.*.serialize": "write+ 0|path",
    "gdown.download": "write 1|output",
}
DOCUMENTS = {
    """openpyxl.load_workbook docx.Document pptx.Presentation PyPDF2.PdfReader pypdf.PdfReader pdfplumber.open
    pdfminer.high_level.extract_text pyreadr.read_r pyreadstat.read_sas7bdat pyreadstat.read_sav pyreadstat.read_dta
    """: "data 0|filename|stream|path|path_or_fp|pdf_file|filename_path",
    "fitz.open": "data 0|filename",
    "openpyxl.*.save docx.*.save pptx.*.save fitz.*.save": "write 0|filename|path_or_stream",
    "xlsxwriter.Workbook": "write 0|filename",
    "tables.open_file netCDF4.Dataset": "file 0|filename 1|mode",
    "lmdb.open diskcache.Cache": "update 0|path|directory",
    "chromadb.PersistentClient": "update 0|path",
}
INDEXES = {
    "faiss.read_index faiss.read_VectorTransform": "read 0|fname",
    "faiss.write_index faiss.write_VectorTransform": "write 1|fname",
    "annoy.*.load hnswlib.*.load_index": "read 0|fn|path_to_index",
    "annoy.*.save hnswlib.*.save_index": "write 0|fn|path_to_index",
    "langchain.*.load_local langchain_community.*.load_local": "read+ 0|folder_path",
    "langchain.*.save_local langchain_community.*.save_local": "write+ 0|folder_path",
}
TOOLKITS = {
    "accelerate.*.load_state": "read+ 0|input_dir",
    "accelerate.Accelerator": "write project_dir|logging_dir",
    "accelerate.load_checkpoint_and_dispatch": "read+ 1|checkpoint",
    "imageio.get_writer": "write 0|uri",
    "imageio.get_reader": "read 0|uri",
    "nltk.download": "write download_dir",
    "torch.hub.load torch.nn.Module().state_dict": "-",
    "treelite.*.load treelite.*.deserialize": "read 0|filename",
    "treelite.*.serialize": "write 0|filename",
    "h2o.import_file h2o.load_model": "read 0|path",
    "h2o.save_model": "write path",
    "pycaret.*.save_model": "write 1|model_name",
    "pycaret.*.load_model": "read 0|model_name",
    "tpot.*.export": "write 0|output_file_name",
    "setfit.*.from_pretrained": "model 0|pretrained_model_name_or_path",
    "sklearn.datasets.fetch_20newsgroups sklearn.datasets.fetch_openml": "update data_home",
    "duckdb.read_csv duckdb.read_parquet duckdb.read_json": "read 0|path_or_buffer|file_glob|name",
    "datatable.fread vaex.open": "read 0|path|file",
    "ultralytics.YOLO": "model 0|model",
    "ultralytics.*.train": "read data, write project",
    "mmcv.Config.fromfile mmengine.Config.fromfile": "read 0|filename",
    "sweetviz.*.show_html": "write 0|filepath",
    "evidently.*.save_html evidently.*.save_json": "write 0|filename",
    "lime.*.save_to_file": "write 0|file_path",
    "einops.rearrange skl2onnx.convert_sklearn": "-",
}

TABLES = (
    PANDAS,
    POLARS,
    ARROW,
    NUMPY,
    deep_learning.TORCH,
    deep_learning.LIGHTNING,
    SERIALISATION,
    BOOSTING,
    deep_learning.KERAS,
    deep_learning.TRANSFORMERS,
    PICTURES,
    SPARK,
    STANDARD,
    CLOUD,
    OTHER_FRAMEWORKS,
    GRAPHS,
    SCIENCE,
    DOCUMENTS,
    INDEXES,
    TOOLKITS,
    toolkits.LARGE_MODELS,
    toolkits.SPEECH,
    toolkits.PICTURES_AND_OTHERS,
    toolkits.GAMES,
    METHODS,
)

"""Model files, cards and stored data that are damaged, foreign, of another kind or stale."""

import math
import os
import pickle

import numpy as np

from tests.robustness import made_models as made
from tests.robustness.case import Case
from tests.robustness.made_models import CARD, ONNX, WEIGHTS

EXPORT, LABEL, TRAIN = "export_onnx.py", "inference.py", "train.py"
NAN = [math.nan] * 187
AGAIN = "make it again with python data_preprocess.py"


class _Code:
    def __reduce__(self):
        return os.system, ("touch executed",)


def _sparse(tensor):
    return tensor.to_sparse()


def _meta(tensor):
    return tensor.to("meta")


def _huge(tensor):
    return tensor.flatten()[:1].expand(2_000_000_000)


def _without_card(folder):
    made.good(folder, WEIGHTS)
    return ["--model", WEIGHTS]


def _card_of_another(folder):
    made.newer_weights(folder)
    made.good(folder, CARD)
    return ["--model", WEIGHTS]


def _card_of_deep(folder):
    made.good(folder, WEIGHTS, "model_deep_best.json")
    told = (folder / "model_deep_best.json").read_text().replace("weights_sha256", "former")
    (folder / "model_deep_best.json").unlink()
    (folder / CARD).write_text(told)
    return ["--model", WEIGHTS]


def _folder_as_weights(folder):
    (folder / WEIGHTS).mkdir()
    return ["--model", WEIGHTS]


def _folder_as_onnx(folder):
    (folder / ONNX).mkdir()
    return made.labelled("--model", ONNX)(folder)


def _checkpoint(content):
    def arguments(folder):
        made.rows(lambda place, told: told)(folder)
        (folder / "model_self").mkdir()
        (folder / "model_self" / "checkpoint.pth").write_bytes(content)
        return [*made.trained_on(folder), "--resume"]

    return arguments


def _other_scaler(folder):
    made.rows(lambda place, told: told)(folder)
    made.good(folder, WEIGHTS, CARD)
    return made.trained_on(folder)


CARDS = [
    Case("weights without a model card", "没有模型卡的权重", EXPORT, _without_card,
         f"{CARD} is missing"),
    Case("a card that is no JSON", "不是 JSON 的模型卡", EXPORT, made.card_text("{"),
         "is not valid JSON"),
    Case("a card that is a list", "内容是列表的模型卡", EXPORT, made.card_text("[1]"),
         "no JSON object"),
    Case("a card with a number of 6,000 digits", "含 6000 位数字的模型卡", EXPORT,
         made.card_text("{" + '"a": ' + 6000 * "9" + "}"), "is not valid JSON"),
    Case("a card of 100,000 brackets", "含十万个括号的模型卡", EXPORT,
         made.card_text(100_000 * "["), "is not valid JSON"),
    Case("a card without an architecture", "缺少 architecture 的模型卡", EXPORT,
         made.card(architecture=None), "it lacks architecture"),
    Case("a card of an unknown network", "未知网络的模型卡", EXPORT,
         made.card(architecture="Transformer"), "there is no model 'Transformer'"),
    Case("a card whose architecture is a number", "architecture 为数字的模型卡", EXPORT,
         made.card(architecture=3), "architecture is 3, not a text"),
    Case("a card whose arguments are a list", "arguments 为列表的模型卡", EXPORT,
         made.card(arguments=[1]), "arguments is [1], not an object"),
    Case("a card with an argument that the network does not take", "网络不接受的参数", EXPORT,
         made.card(arguments__layers=3), "arguments do not fit ECGCNN"),
    Case("a card that asks for a billion channels", "要求十亿个通道的模型卡", EXPORT,
         made.card(arguments__num_classes=10**9), "arguments.num_classes is 1000000000"),
    Case("a card that describes a larger network than the file holds", "描述的网络大于文件的模型卡",
         EXPORT, made.card(arguments__num_classes=4000), "describe a network of"),
    Case("a card without the mean of the rows", "缺少行均值的模型卡", EXPORT,
         made.card(input__mean=None), "it lacks input.mean"),
    Case("a card with 186 means", "只有 186 个均值的模型卡", EXPORT,
         made.card(input__mean=[0.1] * 186), "input.mean holds 186 values, not 187"),
    Case("a card with a standard deviation of 0", "标准差为 0 的模型卡", EXPORT,
         made.card(input__scale=[0] * 187), "input.scale[0] is 0, not a number from 1e-12"),
    Case("a card with NaN", "含 NaN 的模型卡", EXPORT,
         made.card(input__mean=NAN), "input.mean[0] is nan"),
    Case("a card with a temperature of 0", "温度为 0 的模型卡", EXPORT,
         made.card(temperature=0), "temperature is 0, not a number from 0.001"),
    Case("a card with a temperature in words", "温度为文字的模型卡", EXPORT,
         made.card(temperature="warm"), "temperature is 'warm', not a number"),
    Case("a card with the classes in another order", "类别次序不同的模型卡", EXPORT,
         made.card(classes=list("VNSFQ")), "classes are in another order"),
    Case("a card with three classes", "只有三个类别的模型卡", EXPORT,
         made.card(classes=list("NSV")), "classes is ['N', 'S', 'V']"),
    Case("the card of other weights", "其他权重的模型卡", EXPORT, _card_of_another,
         f"{CARD} is the card of other weights than {WEIGHTS}"),
    Case("the card of another network", "其他网络的模型卡", EXPORT, _card_of_deep,
         "the arguments in its card describe a network of"),
]  # fmt: skip
STATES = [
    Case("a name that no model has", "不存在的模型名称", EXPORT, ["--model", "resident"],
         "there is no model 'resident'"),
    Case("a file of weights that is not there", "不存在的权重文件", EXPORT, ["--model", "mine.pth"],
         "mine.pth is missing"),
    Case("a folder as a file of weights", "把文件夹当作权重文件", EXPORT, _folder_as_weights,
         f"{WEIGHTS} is no file"),
    Case("an empty file of weights", "空的权重文件", EXPORT, made.weights_bytes(lambda raw: b""),
         f"{WEIGHTS} is no weights file"),
    Case("half a file of weights", "只有一半的权重文件", EXPORT,
         made.weights_bytes(lambda raw: raw[: len(raw) // 2]), "damaged, truncated"),
    Case("weights whose file has lost its end", "末尾丢失的权重文件", EXPORT,
         made.weights_bytes(lambda raw: raw[:-40]), "damaged, truncated"),
    Case("a text called .pth", "名为 .pth 的文本", EXPORT,
         made.weights_bytes(lambda raw: b"weights of mine\n"), "is no weights file"),
    Case("a pickle that would run a program", "会执行程序的 pickle", EXPORT,
         made.weights_bytes(lambda raw: pickle.dumps(_Code())), "is no weights file"),
    Case("a .pth file with a list inside", "内含列表的 .pth 文件", EXPORT,
         made.state(lambda found: list(found.values())), "something else than a plain state_dict"),
    Case("a .pth file with a number inside", "内含数字的 .pth 文件", EXPORT,
         made.state(lambda found: {**found, "epoch": 3}), "something else than a plain state_dict"),
    Case("sparse weights", "稀疏权重", EXPORT, made.tensor(_sparse), "is no plain tensor"),
    Case("weights on the device meta", "meta 设备上的权重", EXPORT, made.tensor(_meta),
         "is no plain tensor"),
    Case("one number that says it is two billion", "一个自称有二十亿个数的张量", EXPORT,
         made.tensor(_huge), "is larger than the file"),
    Case("weights with NaN", "含 NaN 的权重", EXPORT, made.tensor(lambda t: t * math.nan),
         "holds NaN, infinity"),
    Case("weights with infinity", "含无穷大的权重", EXPORT, made.tensor(lambda t: t + math.inf),
         "holds NaN, infinity"),
    Case("complex weights", "复数权重", EXPORT, made.tensor(lambda t: t.float() + 1j),
         "complex numbers"),
    Case("weights in whole numbers", "整数权重", EXPORT, made.tensor(lambda t: t.long()),
         "of whole numbers there"),
    Case("weights of another shape", "形状不同的权重", EXPORT, made.tensor(lambda t: t[:8].clone()),
         "another architecture than ECGCNN"),
    Case("weights that lack a layer", "缺少一层的权重", EXPORT,
         made.state(lambda found: dict(list(found.items())[2:])), "absent there"),
    Case("NaN weights, to label a recording with", "用含 NaN 的权重给记录加标签", LABEL,
         lambda folder: made.tensor(lambda t: t * math.nan)(folder)
         and made.labelled("--model", WEIGHTS)(folder), "holds NaN, infinity"),
    Case("weights for rows of another width", "行宽不同的权重", LABEL,
         lambda folder: made.card(input__width=250)(folder)
         and made.labelled("--model", WEIGHTS)(folder), "wants rows with width 250"),
]  # fmt: skip
ONNX_FILES = [
    Case("an empty ONNX file", "空的 ONNX 文件", LABEL, made.onnx_bytes(b""),
         f"{ONNX} is no ONNX file"),
    Case("half an ONNX file", "只有一半的 ONNX 文件", LABEL,
         made.onnx_bytes(lambda raw: raw[: len(raw) // 2]), f"{ONNX} is no ONNX file"),
    Case("a text called .onnx", "名为 .onnx 的文本", LABEL, made.onnx_bytes(b"a network of mine\n"),
         f"{ONNX} is no ONNX file"),
    Case("a folder called .onnx", "名为 .onnx 的文件夹", LABEL, _folder_as_onnx,
         f"{ONNX} is no file"),
    Case("an ONNX file without a card", "没有模型卡的 ONNX 文件", LABEL, made.onnx_card(),
         f"{ONNX} holds no model card"),
    Case("an ONNX file with half a card", "模型卡只有一半的 ONNX 文件", LABEL,
         made.onnx_card('{"architecture": "ECG'), "the model card inside is no JSON"),
    Case("an ONNX file whose card is a number", "模型卡为数字的 ONNX 文件", LABEL,
         made.onnx_card("3"), "is 3, not an object"),
    Case("an ONNX file whose card lacks the classes", "模型卡缺少类别的 ONNX 文件", LABEL,
         made.onnx_card(classes=None), "it lacks classes"),
    Case("an ONNX file whose card has NaN for a temperature", "温度为 NaN 的 ONNX 模型卡", LABEL,
         made.onnx_card(temperature=math.nan), "temperature is nan, not a number"),
    Case("an ONNX file whose card has the classes in another order", "类别次序不同的 ONNX 模型卡",
         LABEL,
         made.onnx_card(classes=list("VNSFQ")), "in another order"),
    Case("an ONNX file that takes 250 samples", "接收 250 个采样点的 ONNX 文件", LABEL,
         made.graph(np.ones((250, 5))), "does not run on (1, 1, 187)"),
    Case("an ONNX file that gives 4 classes", "给出 4 个类别的 ONNX 文件", LABEL,
         made.graph(np.ones((187, 4))), "gives (1, 4) for (1, 1, 187), not (1, 5)"),
    Case("an ONNX file with NaN in its weights", "权重含 NaN 的 ONNX 文件", LABEL,
         made.graph(np.full((187, 5), np.nan)), "gives NaN or infinity"),
    Case("somebody's ONNX file that takes 250 samples", "他人的、接收 250 个采样点的 ONNX 文件",
         LABEL,
         made.graph(np.ones((250, 5)), "x"), "rows of 187 samples"),
    Case("somebody's ONNX file that gives 4 classes", "他人的、给出 4 个类别的 ONNX 文件", LABEL,
         made.graph(np.ones((187, 4)), "x"), "gives (4,) numbers a row: 5 are needed"),
    Case("somebody's ONNX file with NaN in its weights", "他人的、权重含 NaN 的 ONNX 文件", LABEL,
         made.graph(np.full((187, 5), np.nan), "x"), "gives no numbers"),
    Case("the quality network as the model of beats", "把质量网络当作心拍模型", LABEL,
         made.labelled("--model", "ecg_model_quality.onnx", files=("ecg_model_quality.onnx",)),
         "gives no labels of beats: it is QualityNet"),
    Case("new weights beside an old ONNX file", "旧 ONNX 文件旁的新权重", LABEL,
         made.stale("--model", "self"), f"made from other weights than {WEIGHTS} beside it",
         code=0),
    Case("new weights beside an old ONNX file, with --engine onnx", "同上，并指定 --engine onnx",
         LABEL,
         made.stale("--model", "self", "--engine", "onnx"), "export it again"),
    Case("new weights beside an old ONNX file that is named", "同上，并直接指定该 ONNX 文件", LABEL,
         made.stale("--model", ONNX), f"made from other weights than {WEIGHTS} beside it"),
]  # fmt: skip
ROWS = [
    Case("a training without rows", "没有数据行的训练", TRAIN, made.trained_on,
         "manifest.json is missing: python data_preprocess.py makes it"),
    Case("a manifest that is no JSON", "不是 JSON 的 manifest", TRAIN,
         made.rows(lambda place, told: "{"), "manifest.json is not valid JSON"),
    Case("a manifest that is a list", "内容是列表的 manifest", TRAIN,
         made.rows(lambda place, told: [1]), "holds no JSON object"),
    Case("the manifest of an earlier version", "早期版本的 manifest", TRAIN,
         made.manifest(n_real=None, scaler=None), "it lacks n_real, scaler"),
    Case("a manifest with a protocol that is a number", "protocol 为数字的 manifest", TRAIN,
         made.manifest(protocol=3), "protocol is 3, not a text"),
    Case("a manifest with NaN", "含 NaN 的 manifest", TRAIN, made.manifest(scaler__mean=NAN),
         "scaler.mean[0] is nan"),
    Case("a manifest with 100 standard deviations", "只有 100 个标准差的 manifest", TRAIN,
         made.manifest(scaler__scale=[1.0] * 100), "scaler.scale holds 100 values, not 187"),
    Case("a manifest with more real rows than there are", "真实行数多于实际的 manifest", TRAIN,
         made.manifest(n_real=41), "n_real is 41, y_train.npy holds 40 rows"),
    Case("a manifest with -1 real rows", "真实行数为 -1 的 manifest", TRAIN,
         made.manifest(n_real=-1), "n_real is -1, not a whole number from 0"),
    Case("a manifest whose records are numbers", "记录名为数字的 manifest", TRAIN,
         made.manifest(rows__train__record=[100]), "rows.train.record[0] is 100"),
    Case("rows without their labels", "没有标签的数据行", TRAIN,
         made.rows(lambda place, told: (place / "y_val.npy").unlink() or told),
         "y_val.npy is missing"),
    Case("rows in float64", "float64 的数据行", TRAIN,
         made.array("X_val.npy", lambda x: x.astype(np.float64)), "holds float64 (100, 187, 1)"),
    Case("rows of 100 samples", "每行 100 个采样点", TRAIN,
         made.array("X_val.npy", lambda x: x[:, :100]),
         "holds float32 (100, 100, 1), not float32 (n, 187, 1)"),
    Case("rows with NaN", "含 NaN 的数据行", TRAIN,
         made.array("X_val.npy", lambda x: np.where(x == x[3, 3, 0], np.float32(np.nan), x)),
         "X_val.npy holds NaN or infinity"),
    Case("labels that are no whole numbers", "非整数的标签", TRAIN,
         made.array("y_val.npy", lambda y: y.astype(float)),
         "holds float64 (100,), not int64 (n,)"),
    Case("a label of a sixth class", "第六类的标签", TRAIN,
         made.array("y_val.npy", lambda y: y + 1),
         "holds the class 5: there are 0 to 4"),
    Case("more rows than labels", "数据行多于标签", TRAIN,
         made.array("y_val.npy", lambda y: y[:50]),
         "X_val and y_val differ in length"),
    Case("labels that the manifest does not tell of", "与 manifest 不符的标签", TRAIN,
         made.array("y_val.npy", lambda y: y[::-1].copy(), keep=True),
         f"y_val.npy is not the file that manifest.json tells of: {AGAIN}"),
    Case("rows that have lost their end", "末尾丢失的数据行", TRAIN,
         made.content("X_train.npy", lambda raw: raw[: len(raw) // 2]), "X_train.npy is damaged"),
    Case("rows with Python objects inside", "内含 Python 对象的数据行", TRAIN,
         made.array("y_train.npy", lambda y: np.array([_Code()] * 40, object)),
         "y_train.npy is damaged"),
    Case("a text called .npy", "名为 .npy 的文本", TRAIN,
         made.content("y_train.npy", lambda raw: b"1 2 3\n"),
         "y_train.npy is damaged"),
    Case("fine-tuning on rows that are scaled otherwise", "在缩放方式不同的行上微调",
         "continue_train.py",
         _other_scaler, "was trained on rows standardised otherwise"),
    Case("half a checkpoint to resume from", "从只有一半的检查点继续", TRAIN,
         _checkpoint(b"PK\x03\x04" + bytes(100)), "checkpoint.pth is no checkpoint, or is damaged"),
    Case("a checkpoint that would run a program", "会执行程序的检查点", TRAIN,
         _checkpoint(pickle.dumps(_Code())), "checkpoint.pth is no checkpoint, or is damaged"),
]  # fmt: skip
CASES = [*CARDS, *STATES, *ONNX_FILES, *ROWS]

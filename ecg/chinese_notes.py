"""The notes on a recording in Chinese, by the English ones: a part of the table of
ecg/translations.py."""

NOTES = {
    # leads
    "the second lead cannot be read at {share:.0%} of the beats (noise, or an electrode that came "
    "off): their labels rest on the first lead alone": (
        "第二导联在 {share:.0%} 的心搏处无法读取（噪声或电极脱落）：这些标签仅依据第一导联"
    ),
    "{n} of the beats are seen in the second lead only, where the first cannot be read: their "
    "labels rest on it alone": (
        "{n} 个心搏仅见于第二导联（第一导联在该处无法读取）：其标签仅依据该导联"
    ),
    "beats are found in {n} leads together: {names}": "在 {n} 个导联中共同检测心搏：{names}",
    "the labels rest on one lead: no other signal of the file ({names}) has the name of an ECG "
    "lead. If one is an ECG, --second NAME makes the labels better": (
        "标签仅依据一个导联：文件中其他信号（{names}）的名称都不是心电导联。"
        "若其中有心电信号，用 --second 名称 可提高标签的准确性"
    ),
    "the labels rest on one lead: supraventricular beats (S) are told from normal ones (N) less "
    "surely than with two": (
        "标签仅依据一个导联：室上性搏动（S）与正常搏动（N）的区分不如两个导联可靠"
    ),
    "lead {lead} is unlike any that the model learnt from ({known}): expect more errors": (
        "导联 {lead} 与模型训练所用的导联（{known}）不同：错误会更多"
    ),
    "the QRS complex of lead {lead} points down, as in no lead that the model learnt from "
    "({known}): expect more errors": (
        "导联 {lead} 的 QRS 波向下，与模型训练所用的导联（{known}）不同：错误会更多"
    ),
    "the lead was turned (--invert yes)": "导联已翻转（--invert yes）",
    "the lead lies upside down and was turned (--invert no leaves it)": (
        "导联上下颠倒，已翻转（--invert no 则保持原样）"
    ),
    "the lead may lie upside down: look at it, --invert yes turns it": (
        "导联可能上下颠倒：请查看，--invert yes 可翻转"
    ),
    # length
    "the recording lasts {seconds:.0f} s: rates and shares are those of this piece, not of a day, "
    "and what comes seldom may be missing": (
        "记录仅 {seconds:.0f} 秒：心率与比例只代表这一段而非全天，少见的事件可能未被记录"
    ),
    "{n} beats to compare with each other: the labels are less sure than in a longer recording": (
        "只有 {n} 个心搏可相互比较：标签不如较长的记录可靠"
    ),
    # quality
    "{seconds:.1f} s of the recording ({share:.1%}) are noise in every lead: {n} beats there have "
    "no label": (
        "记录中有 {seconds:.1f} 秒（{share:.1%}）在所有导联中均为噪声：其中 {n} 个心搏没有标签"
    ),
    "{n} of the beats look like a moved electrode, not like a heartbeat: they have no label": (
        "{n} 个心搏更像电极移动而非心搏：没有标签"
    ),
    "the quality model is missing, so noise is named only where the R peak detector gives up: "
    "python train.py --model quality makes it": (
        "缺少信号质量模型，只有 R 波检测器无法工作之处才标为噪声："
        "python train.py --model quality 可训练该模型"
    ),
    "the model of ventricular fibrillation is missing, so none is looked for: "
    "python train.py --model vf makes it": (
        "缺少室颤模型，未检测室颤：python train.py --model vf 可训练该模型"
    ),
    "the rhythm model is missing, so no rhythm is named: python train.py --model rhythm makes it": (
        "缺少心律模型，未判断心律：python train.py --model rhythm 可训练该模型"
    ),
    # units, rates, samples
    "the file does not say its unit: mV taken (--unit says otherwise; labels do not depend on "
    "it)": ("文件未说明单位：按 mV 处理（可用 --unit 指定；标签与单位无关）"),
    "the signal spans {span:.3g} mV, an ECG 0.1 to 10: check the unit (--unit); beats are found at "
    "any scale": (
        "信号幅度为 {span:.3g} mV，心电图为 0.1 至 10：请检查单位（--unit）；心搏检测与幅度无关"
    ),
    "the file says {what} {own}, {option} {other} is used": (
        "文件中的 {what} 为 {own}，现采用 {option} {other}"
    ),
    "means of {n} samples taken: {fs:g} Hz brought to {lower:g} Hz, in which samples are counted": (
        "每 {n} 个采样点取平均：由 {fs:g} Hz 降至 {lower:g} Hz，采样点按后者计数"
    ),
    "filtered before it was stored, as the file says: {filters}": (
        "据文件所述，信号存储前已滤波：{filters}"
    ),
    "lead {lead} taken of {names} (another with --lead)": (
        "在 {names} 中选取了导联 {lead}（可用 --lead 另选）"
    ),
    "{code:.10g} stands for a missing sample, far outside the rest: {n} samples, {seconds:.3g} s, "
    "not labelled": "{code:.10g} 远离其他数值，视为缺失：{n} 个采样点，{seconds:.3g} 秒，未标记",
}

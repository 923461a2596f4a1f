"""The words of the report in Chinese, by the English ones: a part of the table of
ecg/translations.py."""

REPORT = {
    # between words
    ": ": "：",
    ", ": "，",
    "; ": "；",
    ".": "。",
    " (": "（",
    ")": "）",
    # head and summary
    "ECG report": "心电图报告",
    "The labels rest on lead {second} too.": "标签还参考了导联 {second}。",
    "Lead {lead}, {fs:g} Hz, {duration}, {beats} beats": (
        "导联 {lead}，{fs:g} Hz，时长 {duration}，{beats} 个心搏"
    ),
    "model {model}": "模型 {model}",
    "from {start}": "始于 {start}",
    "male": "男",
    "female": "女",
    "{years} years": "{years} 岁",
    "{months} months": "{months} 个月",
    "patient {patient}": "患者 {patient}",
    "device {device}": "设备 {device}",
    "real recordings": "真实记录训练",
    "recordings that are not known": "训练记录未知",
    "synthetic data": "合成数据训练",
    "labels of the annotation {annotation}": "标签取自注释 {annotation}",
    "Not a medical device. Figures are a program's and can be wrong; a physician has to look at "
    "the ECG itself.": "非医疗器械。结果由程序给出，可能有误；须由医生查看心电图本身。",
    "Sections": "章节",
    "Meaning": "含义",
    "Summary": "摘要",
    "Heart rate": "心率",
    "Strips": "心电条图",
    "Whole recording": "完整记录",
    "About": "说明",
    "mean heart rate, beats/min": "平均心率（次/分）",
    "lowest and highest": "最低与最高",
    "ventricular ectopic beats": "室性异位搏动",
    "supraventricular ectopic beats": "室上性异位搏动",
    "runs of V": "阵 V 连发",
    "longest {beats} beats": "最长 {beats} 个心搏",
    "pauses of 2 s or more": "次停搏（≥ 2 秒）",
    "longest {seconds:.1f} s": "最长 {seconds:.1f} 秒",
    "readable, of {duration}": "可读时长，全长 {duration}",
    "SDNN / RMSSD, ms": "SDNN / RMSSD（毫秒）",
    "Class": "类别",
    "per hour": "每小时",
    "single": "单个",
    "in couplets": "成对",
    "in runs": "连发",
    "found, not classified": "已检出，未分类",
    # warnings
    "{percent:.1f} % of the recording ({lost}) cannot be read and was not labelled": (
        "记录的 {percent:.1f}%（{lost}）无法判读，没有标签"
    ),
    "noise {time}": "噪声 {time}",
    "ventricular fibrillation or flutter {time}": "心室颤动或扑动 {time}",
    "samples missing {time}": "缺失 {time}",
    "flat line {time}": "直线 {time}",
    "clipped {time}": "削顶 {time}",
    "Most beats point down in lead {lead}, where they should point up: electrodes may be "
    "swapped.": "导联 {lead} 的主波应向上，但多数心搏向下：电极可能接错。",
    "The model was trained on synthetic data: its labels mean nothing for patients.": (
        "该模型由合成数据训练：其标签对患者没有意义。"
    ),
    "This recording was in the training data of {models}: labels of recordings that are new to a "
    "model are less good.": (
        "此记录属于模型 {models} 的训练数据：对模型未见过的记录，标签会差一些。"
    ),
    "{n} of {total} beats could not be classified.": "{total} 个心搏中有 {n} 个未能分类。",
    "The model is unsure of {percent:.0f} % of the beats (confidence below {threshold:.0%}): "
    "look at them below.": (
        "模型对 {percent:.0f}% 的心搏没有把握（置信度低于 {threshold:.0%}）：请在下方逐一查看。"
    ),
    "Less than a minute could be read: rates and burden say little.": (
        "可读时长不足一分钟：心率与负荷参考价值有限。"
    ),
    # heart rate and events
    "Heart rate and events": "心率与事件",
    "beats/min": "次/分",
    "Heart rate over time, {low} to {high} beats/min": "心率随时间变化，{low} 至 {high} 次/分",
    "{label} beats": "{label} 心搏",
    "Line: mean of each minute. Area: lowest and highest mean of 8 intervals in it.": (
        "曲线：每分钟平均心率。色带：该分钟内 8 个间期平均心率的最低与最高值。"
    ),
    "Every RR interval as a rate.": "每个 RR 间期换算的心率。",
    "Click to see that time in the recording.": "点击可查看该时刻的心电图。",
    "Times are those of the clock; a time with + is counted from the start:": (
        "时刻均为时钟时间；带 + 的时间从记录开始起算："
    ),
    "+1d: the day after it began.": "+1d：开始次日。",
    "Event": "事件",
    "Count": "次数",
    "Longest": "最长",
    "Fastest or slowest": "最快或最慢",
    "Definition": "定义",
    "V runs": "V 连发",
    "V couplets": "V 成对",
    "V bigeminy": "V 二联律",
    "V trigeminy": "V 三联律",
    "S runs": "S 连发",
    "S couplets": "S 成对",
    "S bigeminy": "S 二联律",
    "S trigeminy": "S 三联律",
    "Pauses": "停搏",
    "Tachycardia": "心动过速",
    "Bradycardia": "心动过缓",
    "minimum and maximum of the mean over 8 successive RR intervals, beats of any class": (
        "连续 8 个 RR 间期平均值的最低与最高，任何类别的心搏"
    ),
    "RR interval of 2.0 s or more; open: as long without a beat beside an end of the recording "
    "or unreadable signal": "RR 间期 ≥ 2.0 秒；在记录两端或不可读处，同样长时间无心搏也计入",
    "mean over 8 successive RR intervals above 100/min, of any origin (ACC/AHA/HRS 2015)": (
        "连续 8 个 RR 间期平均心率 > 100 次/分，不论起源（ACC/AHA/HRS 2015）"
    ),
    "mean over 8 successive RR intervals below 50/min, of any origin (ACC/AHA/HRS 2018)": (
        "连续 8 个 RR 间期平均心率 < 50 次/分，不论起源（ACC/AHA/HRS 2018）"
    ),
    "3 or more successive V; above 100/min ventricular tachycardia, sustained when > 30 s "
    "(AHA/ACC/HRS 2017)": (
        "连续 3 个或以上 V；> 100 次/分为室性心动过速，> 30 秒为持续性（AHA/ACC/HRS 2017）"
    ),
    "3 or more successive S": "连续 3 个或以上 S",
    "exactly 2 successive V": "恰好连续 2 个 V",
    "exactly 2 successive S": "恰好连续 2 个 S",
    "3 or more V, each one normal (or paced) beat from the next": (
        "3 个或以上 V，每两个之间隔 1 个正常（或起搏）心搏"
    ),
    "3 or more S, each one normal (or paced) beat from the next": (
        "3 个或以上 S，每两个之间隔 1 个正常（或起搏）心搏"
    ),
    "3 or more V, each two normal (or paced) beats from the next": (
        "3 个或以上 V，每两个之间隔 2 个正常（或起搏）心搏"
    ),
    "3 or more S, each two normal (or paced) beats from the next": (
        "3 个或以上 S，每两个之间隔 2 个正常（或起搏）心搏"
    ),
    # rhythm
    "Rhythm": "心律",
    "sinus": "窦性",
    "AF": "房颤",
    "VF": "室颤",
    "VT": "室速",
    "other": "其他",
    "sinus rhythm": "窦性心律",
    "atrial fibrillation or flutter": "心房颤动或扑动",
    "ventricular fibrillation or flutter": "心室颤动或扑动",
    "ventricular tachycardia": "室性心动过速",
    "other rhythm": "其他心律",
    "Heart rate and rhythm": "心率与心律",
    "Rhythm of the recording": "记录的心律",
    "could not be judged": "无法判断",
    "probability {percent:.0f} %": "概率 {percent:.0f}%",
    "{percent:.0f} % of the time": "占时长的 {percent:.0f}%",
    "Ventricular fibrillation or flutter": "心室颤动或扑动",
    "Atrial fibrillation or flutter": "心房颤动或扑动",
    "episodes: {n}, {time} in all": "{n} 次，共 {time}",
    "the first": "首次",
    "{percent:.1f} % of the readable time": "占可读时长的 {percent:.1f}%",
    "episodes: {n}, the longest {longest}": "{n} 次，最长 {longest}",
    "mean ventricular rate in it {rate}/min": "其间平均心室率 {rate} 次/分",
    "No atrial fibrillation or flutter was found.": "未发现心房颤动或扑动。",
    "Ventricular fibrillation or flutter was found ({time} in all): no beats are labelled there.": (
        "发现心室颤动或扑动（共 {time}）：其间的心搏没有标签。"
    ),
    "Episodes of rhythm": "心律发作",
    "Begins": "开始",
    "Lasts": "持续",
    "Sinus rhythm between the episodes is not listed.": "发作之间的窦性心律未列出。",
    "Confidence: mean probability.": "置信度：平均概率。",
    "Ventricular tachycardia is told by the labels of its beats and has none.": (
        "室性心动过速由心搏标签得出，没有置信度。"
    ),
    "Not listed: {n} more, the shortest of the least grave.": (
        "另有 {n} 次未列出（最轻且最短者）。"
    ),
    "Longest ventricular fibrillation or flutter": "最长心室颤动或扑动",
    "Longest atrial fibrillation or flutter": "最长心房颤动或扑动",
    "change of rhythm": "心律变化",
    # heart-rate variability, hour by hour
    "Heart-rate variability": "心率变异性",
    "withheld": "不予给出",
    "mean NN {mean:.0f} ms, SDNN {sdnn:.0f} ms": "平均 NN {mean:.0f} 毫秒，SDNN {sdnn:.0f} 毫秒",
    "RMSSD {rmssd:.0f} ms, pNN50 {pnn50:.1f} %": "RMSSD {rmssd:.0f} 毫秒，pNN50 {pnn50:.1f}%",
    "{n} normal-to-normal intervals, {artefacts} artefacts left out": (
        "{n} 个正常间期，剔除伪差 {artefacts} 个"
    ),
    "too few normal intervals: {n} of at least {least}": "正常间期过少：{n} 个，至少需 {least} 个",
    "too few successive normal intervals: {n} of at least {least}": (
        "相邻正常间期过少：{n} 个，至少需 {least} 个"
    ),
    "irregular: {share} of the intervals differ by more than {most} from those around them": (
        "节律不齐：{share} 的间期与邻近间期相差超过 {most}"
    ),
    "normal intervals are {share} of the time only": "正常间期仅占时长的 {share}",
    "{share} of the time": "占时长的 {share}",
    "unreadable": "不可读",
    "Hour by hour": "逐小时",
    "mean": "平均",
    "Mean, lowest and highest heart rate: beats/min. Events count in the hour in which they begin. "
    "SDNN and RMSSD (ms) are of normal-to-normal intervals, atrial fibrillation and noise left "
    "out, or withheld with the reason.": (
        "平均、最低与最高心率：次/分。事件计入其开始的小时。SDNN 与 RMSSD（毫秒）取正常间期，"
        "不含房颤与噪声；不予给出时说明原因。"
    ),
    # strips
    "25 mm/s and 10 mm/mV when printed at 100 %. Number below a label: confidence in percent. "
    "Dashed label: below {threshold:.0%}.": (
        "按 100% 打印时为 25 mm/s、10 mm/mV。标签下方数字：置信度（%）。虚线框：低于 "
        "{threshold:.0%}。"
    ),
    "Longest V run: {beats} beats, {rate}/min": "最长 V 连发：{beats} 个心搏，{rate} 次/分",
    "Fastest V run: {beats} beats, {rate}/min": "最快 V 连发：{beats} 个心搏，{rate} 次/分",
    "Longest S run: {beats} beats, {rate}/min": "最长 S 连发：{beats} 个心搏，{rate} 次/分",
    "Fastest S run: {beats} beats, {rate}/min": "最快 S 连发：{beats} 个心搏，{rate} 次/分",
    "Longest pause: {seconds} s": "最长停搏：{seconds} 秒",
    "Fastest: {rate}/min over 8 intervals": "最快：8 个间期平均 {rate} 次/分",
    "Slowest: {rate}/min over 8 intervals": "最慢：8 个间期平均 {rate} 次/分",
    "V couplet: {rate}/min": "V 成对：{rate} 次/分",
    "S couplet: {rate}/min": "S 成对：{rate} 次/分",
    "Longest V bigeminy: {seconds} s": "最长 V 二联律：{seconds} 秒",
    "Longest V trigeminy: {seconds} s": "最长 V 三联律：{seconds} 秒",
    "Longest S bigeminy: {seconds} s": "最长 S 二联律：{seconds} 秒",
    "Surest {label} beat": "把握最大的 {label} 心搏",
    "Least certain: {label}, {confidence:.0%}": "最不确定：{label}，{confidence:.0%}",
    "First seconds": "开头数秒",
    "ECG strip, {leads}, from {start}, labels: {labels}": (
        "心电条图，{leads}，始于 {start}，标签：{labels}"
    ),
    # the whole recording
    "Go": "跳转",
    "previous": "上一个",
    "next": "下一个",
    "what to jump to": "跳转对象",
    "zoom in": "放大",
    "zoom out": "缩小",
    "higher gain": "增大增益",
    "lower gain": "减小增益",
    "Lead {lead} is in the strips above; here it is left out, to keep the page small.": (
        "导联 {lead} 见上方条图；为控制文件大小，此处未画出。"
    ),
    "Correct a label": "更正标签",
    "Click a beat, or press N for the next one of the kind chosen above.": (
        "点击一个心搏，或按 N 键跳到上方所选种类的下一个。"
    ),
    "not a beat": "不是心搏",
    "as it was": "恢复原样",
    "Download annotation": "下载注释文件",
    "The annotation holds all beats, corrected ones included, in the WFDB format (annotator "
    "cor). Put it beside the record: evaluate.py --reference cor and continue_train.py read it "
    "there. Corrections are kept in this browser until they are taken back.": (
        "注释文件包含全部心搏（含更正），WFDB 格式（注释者 cor）。把它放在记录旁边，evaluate.py "
        "--reference cor 和 continue_train.py 即可读取。更正保存在本浏览器中，直到撤回。"
    ),
    "Keys": "按键",
    "← → move, + − zoom, ↑ ↓ gain, Home and End to the ends, N and P to the next and previous of "
    "the kind chosen, 1 to 5 to label the chosen beat N S V F Q, 6 not a beat, 0 as it was. With "
    "a finger or the mouse: drag, pinch or turn the wheel.": (
        "← → 移动，+ − 缩放，↑ ↓ 增益，Home 与 End 到两端，N 与 P 到所选种类的下一个与上一个，1 "
        "至 5 将选中的心搏标为 N S V F Q，6 不是心搏，0 恢复原样。用手指或鼠标：拖动、"
        "双指缩放或滚轮。"
    ),
    "Shown at {fs:g} Hz in steps of {step} µV; labels were made from the full recording.": (
        "此处以 {fs:g} Hz、{step} µV 分辨率显示；标签由完整记录得出。"
    ),
    "Slow drift was taken out of this strip (0.3 Hz).": "此图已去除缓慢漂移（0.3 Hz）。",
    "This browser is too old for the interactive strip; the rest of the page is complete.": (
        "浏览器版本过旧，无法显示交互图；页面其余部分完整。"
    ),
    "Beat {i} of {n} at {time}": "第 {i} 个心搏（共 {n} 个），{time}",
    "{n} corrected": "已更正 {n} 个",
    "nothing corrected": "尚无更正",
    "not readable": "不可读",
    "missing": "缺失",
    "flat": "直线",
    "clipped": "削顶",
    "noise": "噪声",
    "electrode motion": "电极移动",
    "beside missing samples": "邻近缺失信号",
    "paced or beside missing samples": "起搏或邻近缺失信号",
    "seen in the second lead only": "仅见于第二导联",
    "last beat: no beat after it": "最后一个心搏：其后无心搏",
    "V, S or F": "V、S 或 F",
    "uncertain": "不确定",
    "not classified": "未分类",
    "corrected": "已更正",
    "any beat": "任意心搏",
    "pause": "停搏",
    "none further on": "没有更多",
    "Give a time between 0:00 and {end}, such as 1:05 or 12:30:00.": (
        "请输入 0:00 至 {end} 之间的时间，如 1:05 或 12:30:00。"
    ),
    "Give a time of the clock between {start} and {end}, such as 22:05 or 22:05:30, or the time "
    "since the start, such as +1:05.": (
        "请输入 {start} 至 {end} 之间的时钟时间，如 22:05 或 22:05:30；"
        "或从开始起算的时间，如 +1:05。"
    ),
    # what it cannot judge
    "What this cannot judge": "本报告无法判断的内容",
    "Ischaemia and infarction: ST segments and T waves are not measured.": (
        "缺血与梗死：不测量 ST 段和 T 波。"
    ),
    "Intervals and axis: PR, QRS and QT are not measured.": ("间期与电轴：不测量 PR、QRS 和 QT。"),
    "Conduction: bundle branch block counts as normal; AV block shows only as a pause or a slow "
    "rate.": "传导：束支传导阻滞归入正常；房室传导阻滞仅表现为停搏或心率慢。",
    "Atrial fibrillation: flutter is counted with it, and what lasts less than {af:g} s can be "
    "missed.": "心房颤动：心房扑动一并计入；短于 {af:g} 秒的可能漏检。",
    "Ventricular fibrillation: what lasts less than {vf:g} s is not told, and fast ventricular "
    "tachycardia without distinct complexes may be called so.": (
        "心室颤动：短于 {vf:g} 秒的不报告；没有清晰 QRS 波的快速室速可能被误作室颤。"
    ),
    "Pacemakers: paced beats are class Q; whether a pacemaker senses and captures is not judged.": (
        "起搏器：起搏心搏归入 Q 类；不判断起搏器的感知与夺获。"
    ),
    "Other hearts and leads: the models of this program learnt from adults, in leads II, V1, V2, "
    "V4 and V5. In children and in other leads expect more errors.": (
        "其他人群与导联：本程序的模型由成人的 II、V1、V2、V4、V5 导联训练；"
        "用于儿童和其他导联时错误更多。"
    ),
    "The labels are those of the annotation {annotation}. The program counted them and did not "
    "check them.": "标签取自注释 {annotation}。程序只作统计，不作核对。",
    "One lead only ({lead}): supraventricular beats are told from normal ones less surely, and "
    "noise cannot be told by the other lead.": (
        "仅一个导联（{lead}）：室上性与正常心搏更难区分，也无法借助另一导联识别噪声。"
    ),
    "Lead {lead} is unlike those that the model learnt from: expect more errors.": (
        "导联 {lead} 与模型训练所用的导联不同：错误会更多。"
    ),
    "Rhythm: it was not looked for in this recording.": "心律：未对此记录进行分析。",
    # about
    "About this report": "关于本报告",
    "This page is the output of a program for research and teaching. It is not a medical device "
    "and must not be used for diagnosis or treatment.": (
        "本页由用于研究与教学的程序生成。它不是医疗器械，不得用于诊断或治疗。"
    ),
    "Every beat was labelled by a statistical model; models miss and invent beats, most of all in "
    "noise, in paced rhythms and in patients unlike those they were trained on.": (
        "每个心搏的标签由统计模型给出；模型会漏检和误检，在噪声、"
        "起搏心律以及与训练数据不同的患者中尤其如此。"
    ),
    "Classes follow ANSI/AAMI EC57.": "分类依据 ANSI/AAMI EC57。",
    "To make this page again:": "重新生成本页：",
}

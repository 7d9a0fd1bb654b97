"""What each column of a table means, in the two languages of those who fill it in, with an example that can be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it means in English and Chinese, and its cell in the example row."""

    name: str
    english: str
    chinese: str
    example: str


_DATUM = Column(
    "datum",
    "Which kind of position lat and lon are: wgs84 (GPS; taken if the cell is empty), or gcj02 for positions of "
    "Chinese map apps.",
    "经纬度的坐标系：wgs84（GPS，留空即为此项），gcj02（中国地图软件的坐标，如高德、腾讯地图）。",
    "wgs84",
)
_DELETE = "EXAMPLE: delete this row before the import / 示例：导入前请删除此行"

SIGHTING_GUIDE: tuple[Column, ...] = (
    Column(
        "photos",
        "File names of the photos of this child, all in one folder; several with ; between them. Needed. A picture "
        "inside the sheet is not read: save it as a file.",
        "这个孩子的照片文件名，照片都放在同一个文件夹里；多张照片用英文分号 ; 隔开。必填。"
        "插在表格里的图片不会被读取，请另存为文件。",
        "example.jpg",
    ),
    Column(
        "key",
        "Your own number of this report. The same number twice counts once. May be empty.",
        "贵单位对这份报告的编号。同一编号重复导入只算一次。可留空。",
        "2024-017",
    ),
    Column(
        "seen_at",
        "Day or time at which the child was seen or photographed, for example 2024-05-01 or 2024-05-01T18:30+08:00. "
        "Without an offset such as +08:00 it is UTC.",
        "看到孩子或拍照的日期或时间，例如 2024-05-01 或 2024-05-01T18:30+08:00。不写时区（如 +08:00）按 UTC 计算。",
        "2024-05-01T09:30+08:00",
    ),
    Column("place", "Where, in words.", "地点，用文字写。", "Child home East, ward 3"),
    Column(
        "lat",
        "Latitude of that place in degrees, for example 31.2304; only together with lon.",
        "该地点的纬度（度），例如 31.2304；须与 lon 一起填写。",
        "31.2304",
    ),
    Column(
        "lon",
        "Longitude of that place in degrees, for example 121.4737; only together with lat.",
        "该地点的经度（度），例如 121.4737；须与 lat 一起填写。",
        "121.4737",
    ),
    _DATUM,
    Column(
        "how_seen",
        "How the child was seen.",
        "怎样看到的：in_person 当面看到，institution 在机构中（儿童福利院、医院、救助站等），"
        "social_media 社交媒体，cctv 监控录像，unknown 不清楚。",
        "institution",
    ),
    Column(
        "first_hand",
        "Whether the person who reports it saw the child in person.",
        "报告人是否亲眼见到孩子：yes 是，no 否。",
        "yes",
    ),
    Column(
        "apparent_sex",
        "What the child seems to be, if it is not known.",
        "看上去的性别：female 女，male 男，other 其他，unknown 不清楚。",
        "female",
    ),
    Column(
        "apparent_age",
        "How old the child seemed on that day, in years: a number, without a word.",
        "当时看上去的年龄（岁），只填数字。",
        "8",
    ),
    Column(
        "note", "What else was seen or said. No names that are not needed.", "其他情况。不需要的姓名请勿填写。", _DELETE
    ),
    Column(
        "source",
        "Who hands this in: the institution or the office.",
        "提供方：机构或部门的名称。",
        "Child home East",
    ),
)

CASE_GUIDE: tuple[Column, ...] = (
    Column(
        "case_id",
        "The number of the case. Needed; each number stands once.",
        "案件编号。必填，每个编号只出现一次。",
        "EXAMPLE-1",
    ),
    Column(
        "photos",
        "File names of the child's photos, all in one folder; several with ; between them. Behind a name may follow "
        "the day or the age on it and the face that is meant: a.jpg|age=5;b.jpg|taken=2023-05-01|face=2. A picture "
        "inside the sheet is not read: save it as a file.",
        "孩子的照片文件名，照片都放在同一个文件夹里；多张照片用英文分号 ; 隔开。"
        "文件名后可注明拍照日期或当时年龄，以及是第几张脸："
        "a.jpg|age=5;b.jpg|taken=2023-05-01|face=2。插在表格里的图片不会被读取，请另存为文件。",
        "example.jpg|age=7",
    ),
    Column("name", "Full name.", "姓名。", _DELETE),
    Column("other_names", "Other names, with ; between them.", "其他名字，用英文分号 ; 隔开。", "Xiao Fang; Fangfang"),
    Column("sex", "Sex of the child.", "性别：female 女，male 男，other 其他，unknown 不清楚。", "female"),
    Column("born", "Birth date, for example 2016-03-02.", "出生日期，例如 2016-03-02。", "2016-03-02"),
    Column(
        "age",
        "Age in years when the child went missing, if the birth date is not known.",
        "失踪时的年龄（岁），不知道出生日期时填写。",
        "8",
    ),
    Column("height_cm", "Height in centimetres.", "身高（厘米）。", "121.5"),
    Column("weight_kg", "Weight in kilograms.", "体重（千克）。", "23"),
    Column("marks", "Marks, scars, birthmarks.", "特征：疤痕、胎记等。", "scar on the left hand"),
    Column("clothing", "Clothing when last seen.", "最后被看到时的衣着。", "red jacket"),
    Column(
        "circumstance",
        "What is known of how the child went missing.",
        "失踪情形：abduction 被拐骗或劫持，family 被家人带走，runaway 出走，lost 走失，"
        "trafficked 被贩卖，unknown 不清楚。",
        "lost",
    ),
    Column(
        "missing_since",
        "Day or time since which the child is missing, for example 2024-06-20 or 2024-06-20T17:30+08:00. Without an "
        "offset such as +08:00 it is UTC.",
        "失踪日期或时间，例如 2024-06-20 或 2024-06-20T17:30+08:00。不写时区（如 +08:00）按 UTC 计算。",
        "2024-06-20T17:30+08:00",
    ),
    Column(
        "last_seen_place",
        "Where the child was last seen, in words.",
        "最后被看到的地点，用文字写。",
        "East gate of the park",
    ),
    Column(
        "lat",
        "Latitude of that place in degrees, for example 39.9087; only together with lon.",
        "该地点的纬度（度），例如 39.9087；须与 lon 一起填写。",
        "39.9087",
    ),
    Column(
        "lon",
        "Longitude of that place in degrees, for example 116.3975; only together with lat.",
        "该地点的经度（度），例如 116.3975；须与 lat 一起填写。",
        "116.3975",
    ),
    _DATUM,
    Column("police_reference", "Number of the police file.", "公安机关的案件编号。", "00123"),
    Column(
        "legal_basis",
        "Why this face may be processed.",
        "处理人脸信息的依据：unspecified 未说明，guardian_consent 监护人同意，police_order 公安机关要求，"
        "court_order 法院命令，statutory_duty 法定职责，vital_interest 保护生命安全。",
        "guardian_consent",
    ),
    Column("consent", "Who consented to what, in words.", "谁同意了什么，用文字写。", "mother, in writing, 2024-06-21"),
)

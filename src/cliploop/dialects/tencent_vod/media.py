"""Files and what is in them, in the words of Tencent VOD's ``MediaInfo``."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from cliploop.dialects.tencent_vod.times import iso, seconds
from cliploop.domain.addresses import Addresses
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.media import AudioStream, MediaInfo, VideoStream
from cliploop.domain.output import Output, OutputState
from cliploop.domain.source_file import SourceFile

Json = dict[str, Any]

#: The vendor's way to say "never".
NEVER = "9999-12-31T23:59:59Z"


def basic_info(file: SourceFile, addresses: Addresses) -> Json:
    """``MediaBasicInfo`` of a file. Nothing is kept of categories, covers and tags, so there are none."""
    return {
        **source_info(file.source, file.title, file.source_context, addresses),
        "CreateTime": iso(file.created_ms),
        "UpdateTime": iso(file.created_ms),
    }


def source_info(source: ObjectVersion, name: str, context: str, addresses: Addresses) -> Json:
    """``MediaBasicInfo`` of an object of which it is not known when it arrived."""
    return {
        "Name": name,
        "Description": "",
        "ExpireTime": NEVER,
        "CoverUrl": "",
        "Type": PurePosixPath(source.key).suffix.removeprefix(".").lower(),
        "MediaUrl": addresses.of_source(source),
        "SourceInfo": {"SourceType": "Upload", "SourceContext": context},
        "StorageRegion": addresses.region,
        "TagSet": [],
        "Status": "Normal",
    }


def metadata(media: MediaInfo) -> Json:
    """``MediaMetaData``."""
    main = media.main_video
    length = seconds(media.duration_ms)
    return {
        "AudioDuration": length if media.audio else 0,
        "AudioStreamSet": [_audio(stream) for stream in media.audio],
        "Bitrate": media.bitrate,
        "Container": media.container,
        "Duration": length,
        "Height": main.height if main else 0,
        "Rotate": main.rotation if main else 0,
        "Size": media.size,
        "VideoDuration": length if media.video else 0,
        "VideoStreamSet": [_video(stream) for stream in media.video],
        "Width": main.width if main else 0,
    }


def image(output: Output, addresses: Addresses) -> Json | None:
    """``MediaAnimatedGraphicsItem`` of an output, or None while it has no image."""
    if output.state is not OutputState.SUCCEED or output.applied is None or output.image is None:
        return None
    stored = output.image
    return {
        "Url": addresses.of_image(stored),
        "Definition": output.use.template.definition,
        "Container": output.applied.format.value,
        "Height": stored.height,
        "Width": stored.width,
        "Bitrate": stored.bitrate,
        "Size": stored.size,
        "Md5": stored.md5,
        "StartTimeOffset": seconds(output.applied.section.start_ms),
        "EndTimeOffset": seconds(output.applied.section.end_ms),
    }


def _video(stream: VideoStream) -> Json:
    # The vendor's tag is "valid only if Codec is hevc".
    tag = {"CodecTag": stream.codec_tag} if stream.codec == "hevc" else {}
    return {
        "Bitrate": stream.bitrate,
        "Codec": stream.codec,
        "Fps": round(stream.fps),
        "Height": stream.height,
        "Width": stream.width,
        **tag,
    }


def _audio(stream: AudioStream) -> Json:
    return {"Bitrate": stream.bitrate, "Codec": stream.codec, "SamplingRate": stream.sampling_rate}

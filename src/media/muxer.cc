#include "media/muxer.h"

extern "C" {
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
}

namespace lips {

void MuxerDeleter::operator()(AVFormatContext* muxer) const {
  avio_closep(&muxer->pb);
  avformat_free_context(muxer);
}

DictionaryOwner::~DictionaryOwner() { av_dict_free(&dictionary); }

}  // namespace lips

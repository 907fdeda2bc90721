// What each kind of verification shows in its HTML report.
#pragma once

#include "verify/avatar_proof.h"
#include "verify/compare.h"
#include "verify/compare_tensors.h"
#include "verify/html_report.h"
#include "verify/talk.h"

namespace lips {

// Pictures are referred to: the report outlives its page.
ReportPage PageOf(const CompareRequest& request, const CompareReport& report);
ReportPage PageOf(const TensorReport& report);
ReportPage PageOf(const TalkReport& report);
ReportPage PageOf(const AvatarProof& proof);

}  // namespace lips

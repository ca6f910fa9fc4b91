/* SPDX-License-Identifier: MIT */
/* What the kits of Windows Vista and 7 have in <driverspecs.h>: IRQLs, locks and classes of functions.
 * As empty macros; see sal.h. */
#ifndef DDI_SAL_DRIVER_H
#define DDI_SAL_DRIVER_H

#define __drv_IoGetDmaAdapter
#define __drv_KMDF
#define __drv_Mode_impl(first)
#define __drv_NDIS
#define __drv_WDM
#define __drv_acquiresCancelSpinLock
#define __drv_acquiresCriticalRegion
#define __drv_acquiresExclusiveResource(first)
#define __drv_acquiresExclusiveResourceGlobal(first, second)
#define __drv_acquiresPriorityRegion
#define __drv_acquiresResource(first)
#define __drv_acquiresResourceGlobal(first, second)
#define __drv_aliasesMem
#define __drv_allocatesMem(first)
#define __drv_arg(first, second)
#define __drv_at(first, second)
#define __drv_callbackType(first)
#define __drv_clearDoInit(first)
#define __drv_completionType(first)
#define __drv_constant
#define __drv_declspec(first)
#define __drv_defined(first)
#define __drv_deref(first)
#define __drv_dispatchType(first)
#define __drv_dispatchType_other
#define __drv_floatRestored
#define __drv_floatSaved
#define __drv_floatUsed
#define __drv_formatString(first)
#define __drv_freesMem(first)
#define __drv_fun(first)
#define __drv_functionClass(first)
#define __drv_holdsCancelSpinLock()
#define __drv_holdsCriticalRegion()
#define __drv_holdsPriorityRegion()
#define __drv_in(first)
#define __drv_inTry
#define __drv_in_deref(first)
#define __drv_innerAcquiresGlobal(first, second)
#define __drv_innerMustHoldGlobal(first, second)
#define __drv_innerNeverHoldGlobal(first, second)
#define __drv_innerReleasesGlobal(first, second)
#define __drv_interlocked
#define __drv_isCancelIRQL
#define __drv_isObjectPointer
#define __drv_maxFunctionIRQL(first)
#define __drv_maxIRQL(first)
#define __drv_minFunctionIRQL(first)
#define __drv_minIRQL(first)
#define __drv_mustHold(first)
#define __drv_mustHoldCancelSpinLock
#define __drv_mustHoldCriticalRegion
#define __drv_mustHoldGlobal(first, second)
#define __drv_mustHoldPriorityRegion
#define __drv_neverHold(first)
#define __drv_neverHoldCancelSpinLock
#define __drv_neverHoldCriticalRegion
#define __drv_neverHoldGlobal(first, second)
#define __drv_neverHoldPriorityRegion
#define __drv_nonConstant
#define __drv_nop(first)
#define __drv_notInTry
#define __drv_notPointer
#define __drv_out(first)
#define __drv_out_deref(first)
#define __drv_preferredFunction(first, second)
#define __drv_raisesIRQL(first)
#define __drv_releasesCancelSpinLock
#define __drv_releasesCriticalRegion
#define __drv_releasesExclusiveResource(first)
#define __drv_releasesExclusiveResourceGlobal(first, second)
#define __drv_releasesPriorityRegion
#define __drv_releasesResource(first)
#define __drv_releasesResourceGlobal(first, second)
#define __drv_reportError(first)
#define __drv_requiresIRQL(first)
#define __drv_restoresIRQL
#define __drv_restoresIRQLGlobal(first, second)
#define __drv_ret(first)
#define __drv_sameIRQL
#define __drv_savesIRQL
#define __drv_savesIRQLGlobal(first, second)
#define __drv_setsIRQL(first)
#define __drv_strictType(first, second)
#define __drv_strictTypeMatch(first)
#define __drv_typeBitset
#define __drv_typeCond
#define __drv_typeConst
#define __drv_typeExpr
#define __drv_unit(first)
#define __drv_useCancelIRQL
#define __drv_valueIs(first)
#define __drv_when(first, second)
#define __internal_kernel_driver
#define __kernel_code
#define __kernel_driver
#define __prefast_operator_new_null
#define __prefast_operator_new_throws
#define __user_code
#define __user_driver

#endif

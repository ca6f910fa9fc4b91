/* SPDX-License-Identifier: MIT */
/* Rarer annotations of the kits of Windows 8 and later. As empty macros; see sal.h. */
#ifndef DDI_SAL_LATER_H
#define DDI_SAL_LATER_H

#define _COM_Outptr_
#define _COM_Outptr_opt_
#define _COM_Outptr_opt_result_maybenull_
#define _COM_Outptr_result_maybenull_
#define _Deref2_pre_readonly_
#define _Deref_opt_out_
#define _Deref_opt_out_opt_
#define _Deref_opt_out_opt_z_
#define _Deref_opt_out_z_
#define _Deref_out_opt_
#define _Deref_out_opt_z_
#define _Deref_out_z_
#define _Deref_post_maybenull_
#define _Deref_post_notnull_
#define _Deref_post_null_
#define _Deref_post_valid_
#define _Deref_post_z_
#define _Deref_pre_maybenull_
#define _Deref_pre_notnull_
#define _Deref_pre_readonly_
#define _Deref_pre_valid_
#define _Deref_ret_z_
#define _Enum_is_bitflag_
#define _Maybe_raises_SEH_exception_
#define _Outptr_opt_result_maybenull_z_
#define _Outptr_opt_result_nullonfailure_
#define _Outptr_opt_result_z_
#define _Outptr_result_maybenull_z_
#define _Outptr_result_nullonfailure_
#define _Outptr_result_z_
#define _Outref_result_maybenull_
#define _Outref_result_nullonfailure_
#define _Post_defensive_
#define _Post_maybez_
#define _Post_null_
#define _Pre_defensive_
#define _Pre_opt_z_
#define _Pre_readonly_
#define _Pre_unknown_
#define _Pre_writeonly_
#define _Pre_z_
#define _Prepost_opt_valid_
#define _Prepost_opt_z_
#define _Prepost_valid_
#define _Prepost_z_
#define _Raises_SEH_exception_
#define _Ret_maybenull_z_
#define _Ret_opt_valid_
#define _Ret_opt_z_
#define _Scanf_s_format_string_
#define _Acquires_nonreentrant_lock_(x)
#define _Analysis_assume_lock_acquired_(x)
#define _Analysis_assume_lock_held_(x)
#define _Analysis_assume_lock_not_held_(x)
#define _Analysis_assume_lock_released_(x)
#define _Analysis_assume_nullterminated_(x)
#define _Analysis_mode_(x)
#define _Create_lock_kind_(x)
#define _Field_size_bytes_full_opt_(x)
#define _Field_size_full_opt_(x)
#define _Has_lock_kind_(x)
#define _Has_lock_level_(x)
#define _IRQL_limited_to_(x)
#define _In_bytecount_(x)
#define _In_count_(x)
#define _In_defensive_(x)
#define _In_opt_bytecount_(x)
#define _In_opt_count_(x)
#define _Inout_bytecount_(x)
#define _Inout_cap_(x)
#define _Inout_count_(x)
#define _Inout_defensive_(x)
#define _Inout_updates_all_opt_(x)
#define _Inout_updates_bytes_all_opt_(x)
#define _Inout_updates_opt_z_(x)
#define _Kernel_IoGetDmaAdapter_(x)
#define _Lock_level_order_(x)
#define _Old_(x)
#define _Out_bytecap_(x)
#define _Out_cap_(x)
#define _Out_defensive_(x)
#define _Out_opt_bytecap_(x)
#define _Out_opt_cap_(x)
#define _Out_z_cap_(x)
#define _Outptr_opt_result_buffer_(x)
#define _Outptr_opt_result_buffer_all_(x)
#define _Outptr_opt_result_buffer_all_maybenull_(x)
#define _Outptr_opt_result_buffer_maybenull_(x)
#define _Outptr_opt_result_bytebuffer_(x)
#define _Outptr_opt_result_bytebuffer_all_(x)
#define _Outptr_opt_result_bytebuffer_maybenull_(x)
#define _Outptr_result_buffer_all_(x)
#define _Outptr_result_buffer_all_maybenull_(x)
#define _Outptr_result_bytebuffer_all_(x)
#define _Outref_result_buffer_(x)
#define _Outref_result_buffer_all_(x)
#define _Outref_result_bytebuffer_(x)
#define _Outref_result_bytebuffer_all_(x)
#define _Param_(x)
#define _Post_bytecap_(x)
#define _Post_bytecount_(x)
#define _Post_cap_(x)
#define _Post_count_(x)
#define _Post_equalto_(x)
#define _Post_writable_size_(x)
#define _Pre_bytecap_(x)
#define _Pre_bytecount_(x)
#define _Pre_cap_(x)
#define _Pre_count_(x)
#define _Pre_equal_to_(x)
#define _Releases_nonreentrant_lock_(x)
#define _Requires_exclusive_lock_held_(x)
#define _Requires_shared_lock_held_(x)
#define _Ret_bytecap_(x)
#define _Ret_bytecount_(x)
#define _Ret_cap_(x)
#define _Ret_count_(x)
#define _Ret_writes_maybenull_z_(x)
#define _Ret_writes_z_(x)
#define _Unchanged_(x)
#define _Deref_inout_range_(first, second)
#define _Deref_ret_range_(first, second)
#define _Kernel_acquires_resource_(first, second)
#define _Kernel_releases_resource_(first, second)
#define _Kernel_requires_resource_not_held_(first, second)
#define _Outptr_opt_result_buffer_to_(first, second)
#define _Outptr_opt_result_bytebuffer_to_(first, second)
#define _Outptr_result_buffer_to_maybenull_(first, second)
#define _Outptr_result_bytebuffer_to_maybenull_(first, second)
#define _Outref_result_buffer_to_(first, second)
#define _Outref_result_bytebuffer_to_(first, second)
#define _Ret_writes_bytes_to_maybenull_(first, second)
#define _Ret_writes_to_maybenull_(first, second)

#endif

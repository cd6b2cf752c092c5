wscluster ring show --cluster still --service chats
